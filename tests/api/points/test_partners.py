"""PUT and GET /v1/partners/{partner_id}."""

import pytest

from tests.kit import CAFE, EC, OPERATOR, member

SAID = {"name": "Cafe", "budget": {"kind": "monthly", "points": 10}}


def test_a_partner_is_set_and_read_with_its_defaults(client):
    operator = client.as_(OPERATOR)
    answer = operator.put("/v1/partners/new", SAID)
    assert (answer.status, answer.body) == (
        200,
        {
            "partner_id": "new",
            "version": 1,
            **SAID,
            "caps": {"per_award": 1000, "per_member_day": 1000, "per_day": 50000},
            "state": "active",
        },
    )
    assert operator.get("/v1/partners/new").body == answer.body
    assert operator.put("/v1/partners/new", SAID | {"state": "paused"}).body["version"] == 2


def test_a_change_waits_until_it_holds_everywhere(client, clock):
    before = clock.slept
    client.as_(OPERATOR).put("/v1/partners/cafe", SAID)
    assert clock.slept - before >= 1.0


def test_an_unknown_partner_is_not_found(client):
    assert client.as_(OPERATOR).get("/v1/partners/nobody").code == "partner_not_found"


@pytest.mark.parametrize(
    "changes", [{"name": ""}, {"budget": {"kind": "daily", "points": 1}}, {"caps": {"per_year": 1}}, {"budget": None}]
)
def test_a_bad_partner_is_refused(client, changes):
    assert client.as_(OPERATOR).put("/v1/partners/cafe", SAID | changes).code == "invalid_request"


def test_an_id_that_cannot_be_one_is_refused(client):
    assert client.as_(OPERATOR).put("/v1/partners/a%20b", SAID).code == "invalid_request"


@pytest.mark.parametrize("who", [EC, CAFE, member("taro")])
def test_only_operators_set_partners(client, who):
    assert client.as_(who).put("/v1/partners/cafe", SAID).code == "forbidden"
    assert client.as_(who).get("/v1/partners/cafe").code == "forbidden"
