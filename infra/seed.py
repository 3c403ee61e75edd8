"""What a new local stack is given to begin with: keys, shops, campaigns, a partner and members.

Everything but the first operator's key comes in over HTTP, as a shop's own people would do it, and under ids that
never change: running it again changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from infra import files
from infra.client import Answer, NoAnswer, Patience, Wire, call
from infra.deploy import Cloud
from infra.locate import Home
from shared import auth, clock, keys
from shared.dynamo import DynamoTable

STAGE = "local"
PATIENCE = Patience()
WORKERS = 4
FIRST = "operator"
Say = Callable[[str], None]

STORES: list[dict[str, Any]] = [
    {"store_id": "shibuya", "name": "Shibuya", "lat": 35.6595, "lon": 139.7005, "time_zone": "Asia/Tokyo"},
    {
        "store_id": "umeda",
        "name": "Umeda",
        "lat": 34.7025,
        "lon": 135.4959,
        "time_zone": "Asia/Tokyo",
        "cutoff_hour": 4,
    },
    {"store_id": "harajuku", "name": "Harajuku", "lat": 35.6702, "lon": 139.7027, "time_zone": "Asia/Tokyo"},
    {
        "store_id": "ebisu",
        "name": "Ebisu",
        "lat": 35.6467,
        "lon": 139.7101,
        "time_zone": "Asia/Tokyo",
        "hours": {day: [["08:00", "22:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
    },
    {"store_id": "sapporo", "name": "Sapporo", "lat": 43.0687, "lon": 141.3508, "time_zone": "Asia/Tokyo"},
]
MEMBERS: list[dict[str, Any]] = [
    {"member_id": "m-hanako", "display_name": "花子", "identities": [{"type": "card", "value": "2900000000001"}]},
    {"member_id": "m-taro", "display_name": "太郎", "identities": [{"type": "card", "value": "2900000000002"}]},
    {"member_id": "m-ken", "display_name": "Ken"},
]
CONSENT = {"location": {"granted": True, "version": "2026-04"}}
CAMPAIGNS: list[dict[str, Any]] = [
    {
        "campaign_id": "welcome-200",
        "name": {"ja": "ようこそ200円引き", "en": "200 yen off to welcome you"},
        "offer": {"type": "amount_off", "value": 200},
        "min_purchase": 1000,
        "valid_from": "2026-01-01",
        "valid_days": 30,
        "limits": {"per_member": 1},
    },
    {
        "campaign_id": "visit-10",
        "name": {"ja": "ご来店10%引き", "en": "10 % off for coming by"},
        "offer": {"type": "percent_off", "value": 10, "max_discount": 500},
        "valid_from": "2026-01-01",
        "valid_days": 7,
        "trigger": {"event": "checkin.accepted"},
    },
]
KEYS: dict[str, dict[str, Any]] = {
    "ec": {"kind": "ec", "owner": "web shop"},
    "pos": {"kind": "pos", "owner": "Shibuya", "store_id": "shibuya", "terminal_id": "shibuya-1"},
    "pos_other_store": {"kind": "pos", "owner": "Umeda", "store_id": "umeda", "terminal_id": "umeda-1"},
    "partner": {"kind": "partner", "owner": "Café Aoyama", "partner_id": "cafe-aoyama"},
    "partner_other": {"kind": "partner", "owner": "Bakery Kobe", "partner_id": "bakery-kobe"},
    "operator_second": {"kind": "operator", "owner": "second operator"},
}
PARTNERS: dict[str, dict[str, Any]] = {
    "cafe-aoyama": {"name": "Café Aoyama", "budget": {"kind": "monthly", "points": 100_000}},
    "bakery-kobe": {"name": "Bakery Kobe", "budget": {"kind": "prepaid", "points": 5_000}},
}


class SeedFailed(Exception):
    """The services refused what a new stack is given."""


def bootstrap_operator(addresses: dict[str, Any], home: Home) -> str:
    """Put the first operator's key straight into the directory, for no key can be asked for one yet."""
    held = files.read_json(home.keys) or {}
    secret: str = held.get("operator") or auth.new_secret(STAGE, auth.new_key_id())
    _put_first(Cloud(STAGE, addresses["aws_endpoint"]), STAGE, secret, secret.split("_")[2])
    _remember(home, {"operator": secret})
    return secret


def first_operator(cloud: Cloud, stage: str) -> str | None:
    """The secret of a stage's first operator key; None if it has been made before.

    Its place in the directory has a fixed name, so of two people who ask at once one is refused.
    """
    table = DynamoTable(cloud.client("dynamodb"), keys.Stage(stage).directory)
    pk, sk = keys.first_key()
    if table.put_new({"pk": pk, "sk": sk, "t": clock.to_ms(clock.utc_now())}) is not None:
        return None
    secret = auth.new_secret(stage, auth.new_key_id())
    _put_first(cloud, stage, secret, secret.split("_")[2])
    return secret


def _put_first(cloud: Cloud, stage: str, secret: str, place: str) -> None:
    pk, sk = keys.api_key(place)
    table = DynamoTable(cloud.client("dynamodb"), keys.Stage(stage).directory)
    table.put_new(
        {
            "pk": pk,
            "sk": sk,
            "version": 1,
            "key_id": FIRST,
            "owner": "first operator",
            "kind": "operator",
            "scopes": sorted(auth.KINDS["operator"]),
            "state": "active",
            "hash": auth.hash_of(secret),
            "fp": b"",
            "t": clock.to_ms(clock.utc_now()),
        }
    )


def seed(addresses: dict[str, Any], home: Home, say: Say) -> dict[str, Any]:
    """Make what is missing; returns the `keys` and `seed` of `local.json`. Safe to run again."""
    operator = _Caller(addresses, bootstrap_operator(addresses, home))
    held = files.read_json(home.keys) or {}
    with ThreadPoolExecutor(WORKERS) as pool:  # each change waits until it holds everywhere: side by side is faster
        made = [
            *(pool.submit(_put, operator, "points", f"/v1/partners/{one}", said) for one, said in PARTNERS.items()),
            *(pool.submit(_put_store, operator, store) for store in STORES),
            *(pool.submit(_add_campaign, operator, campaign) for campaign in CAMPAIGNS),
            *(pool.submit(_add_member, operator, member) for member in MEMBERS),
        ]
        secrets = {name: pool.submit(_make_key, operator, name, key) for name, key in KEYS.items() if name not in held}
        for done in made:
            done.result()
        _remember(home, {name: secret.result() for name, secret in secrets.items()})
    say(
        f"{len(STORES)} stores, {len(CAMPAIGNS)} campaigns, {len(PARTNERS)} partners, {len(MEMBERS)} members are there."
    )
    return {
        "keys": files.read_json(home.keys),
        "seed": {
            "store_id": "shibuya",
            "other_store_id": "umeda",
            "partner_id": "cafe-aoyama",
            "place": {"lat": STORES[0]["lat"], "lon": STORES[0]["lon"]},
            "member_ids": [member["member_id"] for member in MEMBERS],
            "campaign_ids": [campaign["campaign_id"] for campaign in CAMPAIGNS],
        },
    }


def _put(operator: _Caller, service: str, path: str, said: dict[str, Any]) -> None:
    if operator.get(service, path) is None:
        operator.send(service, "PUT", path, said)


def _put_store(operator: _Caller, store: dict[str, Any]) -> None:
    said = {name: value for name, value in store.items() if name != "store_id"}
    _put(operator, "checkin", f"/v1/stores/{store['store_id']}", said)


def _add_campaign(operator: _Caller, campaign: dict[str, Any]) -> None:
    if operator.get("coupons", f"/v1/campaigns/{campaign['campaign_id']}") is None:
        operator.send("coupons", "POST", "/v1/campaigns", campaign)


def _add_member(operator: _Caller, member: dict[str, Any]) -> None:
    if operator.get("points", f"/v1/members/{member['member_id']}") is None:
        operator.send("points", "POST", "/v1/members", {**member, "consents": CONSENT})


def _make_key(operator: _Caller, name: str, key: dict[str, Any]) -> str:
    """A key's secret. One whose secret was lost with a run that died is revoked, and a new one takes its place."""
    made = operator.send("points", "POST", "/v1/keys", {**key, "key_id": name})
    if "secret" not in made:
        operator.send("points", "DELETE", f"/v1/keys/{name}")
        anew = f"{name}-{clock.to_ms(clock.utc_now())}"
        made = operator.send("points", "POST", "/v1/keys", {**key, "key_id": anew})
    secret: str = made["secret"]
    return secret


def _remember(home: Home, secrets: dict[str, str]) -> None:
    held = files.read_json(home.keys) or {}
    files.write_private(home.keys, json.dumps({**held, **secrets}, indent=2).encode())


class _Caller:
    """HTTP with the operator's key, patient with a machine that is busy: whatever got no answer is sent again unchanged."""

    def __init__(self, addresses: dict[str, Any], secret: str) -> None:
        self._lines = {service: Wire(addresses[service], secret) for service in keys.SERVICES}

    def get(self, service: str, path: str) -> dict[str, Any] | None:
        answer = self._call(service, "GET", path, None)
        found: dict[str, Any] | None = json.loads(answer.body) if answer.status == 200 else None
        return found

    def send(self, service: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
        answer = self._call(service, method, path, body)
        if answer.status >= 300:
            raise SeedFailed(f"{method} {path}: {answer.status} {answer.body.decode(errors='replace')}")
        said: dict[str, Any] = json.loads(answer.body) if answer.body else {}
        return said

    def _call(self, service: str, method: str, path: str, body: Any) -> Answer:
        raw = None if body is None else json.dumps(body).encode()
        try:
            return call(self._lines[service], method, path, raw, patience=PATIENCE)
        except NoAnswer as nothing:
            raise SeedFailed(f"{method} {path}: {nothing}") from None
