"""The dry run: the same path as a redemption, and nothing written."""

from tests.kit import key


def ask(client, basket, *codes, amount=1000, **changes):
    answer = client.post(
        "/v1/validations", {"codes": list(codes), "channel": "pos", "basket": basket(amount)} | changes
    )
    assert answer.status == 200, answer.body
    return answer.body


def test_a_validation_says_what_a_redemption_would(till, campaign, issue, basket, redemption, state):
    campaign("ten", offer={"type": "percent_off", "value": 10})
    campaign("spring")
    first, second = issue("s-1", "ten"), issue("s-1", "spring")
    before = till.world.ledger.table.scan()
    said = ask(till, basket, first["code"], second["code"])
    assert till.world.ledger.table.scan() == before
    assert state(first) == "issued"
    done = till.post("/v1/redemptions", redemption(first["code"], second["code"])).body
    assert (said["discount_total"], said["applied"], said["refused"]) == (400, done["applied"], [])


def test_codes_that_do_not_fit_are_refused_beside_those_that_do(till, campaign, issue, basket):
    campaign("one")
    campaign("two", min_purchase=5000)
    good, dear, twice = issue("s-1", "one"), issue("s-1", "two"), issue("s-2", "one")
    said = ask(till, basket, good["code"], dear["code"], twice["code"], "x")
    assert [one["code"] for one in said["applied"]] == [good["code"]]
    assert said["refused"] == [
        {"code": "x", "reason": "code_not_usable"},
        {"code": dear["code"], "reason": "minimum_not_met"},
        {"code": twice["code"], "reason": "not_stackable"},
    ]


def test_only_who_names_the_owner_learns_what_is_wrong(till, client, campaign, issue, basket, redemption):
    campaign()
    used = issue()
    till.post("/v1/redemptions", redemption(used["code"]))
    taro, hanako = {"member_id": "taro"}, {"member_id": "hanako"}

    def reason(who, **changes):
        return ask(who, basket, used["code"], **changes)["refused"][0]["reason"]

    assert reason(till) == "code_not_usable"
    assert reason(till, member=hanako) == "code_not_usable"
    assert reason(till, member=taro) == "used"
    blind = client.as_(key("pos", scopes=frozenset({"coupons:redeem"}), store_id="shibuya", terminal_id="t"))
    assert reason(blind, member=taro) == "code_not_usable"


def test_a_member_without_codes_gets_the_best_set(till, campaign, issue, basket, redemption):
    campaign("small", offer={"type": "amount_off", "value": 100})
    campaign("big", offer={"type": "amount_off", "value": 500}, stacking={"exclusive": True})
    campaign("later", valid_from="2026-12-01")
    issue("s-1", "small")
    big = issue("s-1", "big")
    issue("s-1", "later")
    said = ask(till, basket, member={"member_id": "taro"})
    assert ([one["code"] for one in said["applied"]], said["discount_total"]) == ([big["code"]], 500)
    assert said["refused"] == []
    till.post("/v1/redemptions", redemption(big["code"]))
    assert ask(till, basket, member={"member_id": "taro"})["discount_total"] == 100
    assert ask(till, basket, member={"member_id": "hanako"})["applied"] == []


def test_no_codes_and_no_member_are_nothing(till, basket):
    assert ask(till, basket) == {"discount_total": 0, "applied": [], "refused": []}


def test_a_line_without_a_tax_may_say_so(till, basket):
    said = basket(1)
    untaxed = said | {"lines": [line | {"tax": None} for line in said["lines"]]}
    assert till.post("/v1/validations", {"channel": "pos", "basket": untaxed}).status == 200


def test_what_a_validation_refuses(till, basket):
    said = {"codes": [], "channel": "pos", "basket": basket(1)}
    assert till.post("/v1/validations", said | {"channel": "fax"}).code == "invalid_request"
    assert till.post("/v1/validations", said | {"codes": ["x"] * 11}).code == "invalid_request"
    assert till.post("/v1/validations", said | {"store_id": "umeda"}).code == "wrong_store"
    of_nobody = said | {"store_id": "umeda", "member": {"member_id": "nobody"}}
    assert till.post("/v1/validations", of_nobody).code == "member_not_found"
    assert till.post("/v1/validations", said | {"basket": basket(1) | {"currency": "EUR"}}).code == "currency_mismatch"
