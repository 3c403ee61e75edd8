"""The till's scenarios: what every deployment must do, told as a till would meet it. docs/till-integration.md has the list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from infra.contract_kit import Differs, Kit, Skipped, Step, expect


@dataclass(frozen=True)
class Outcome:
    """What became of a scenario: passed, failed or skipped, why, and the requests of one that failed."""

    name: str
    says: str
    outcome: str
    why: str | None = None
    steps: tuple[Step, ...] = ()


SCENARIOS: dict[str, Callable[[Kit], None]] = {}


def scenario(name: str) -> Callable[[Callable[[Kit], None]], Callable[[Kit], None]]:
    """Put a scenario into the list; its docstring says what it proves."""

    def put(tell: Callable[[Kit], None]) -> Callable[[Kit], None]:
        SCENARIOS[name] = tell
        return tell

    return put


def run(kit: Kit, names: list[str]) -> Iterator[Outcome]:
    """Each scenario with members and ids of its own, one after another."""
    for name in names or list(SCENARIOS):
        tell = SCENARIOS[name]
        mine, says = kit.fresh(), str(tell.__doc__).split("\n")[0]
        try:
            tell(mine)
        except Skipped as skipped:
            yield Outcome(name, says, "skipped", f"needs {skipped}")
        except Differs as differs:
            yield Outcome(name, says, "failed", str(differs), tuple(mine.steps))
        except (KeyError, TypeError, IndexError, AttributeError, ValueError) as other:
            yield Outcome(name, says, "failed", f"an answer has another shape: {other!r}", tuple(mine.steps))
        else:
            yield Outcome(name, says, "passed")


# ---- purchases ------------------------------------------------------------------------------------------------------


@scenario("earn")
def earn(kit: Kit) -> None:
    """A purchase with a member earns points, and the answer says which and why."""
    member_id = kit.member()
    told = kit.ask("pos", "POST", "/v1/purchases", kit.purchase(member_id))
    expect(201, told.status, "status")
    points = told.body["points"]["available"] + told.body["points"]["pending"]
    expect(True, points > 0 and bool(told.body["explain"]), "points with their reasons")
    expect(told.body["balance"], kit.balance(member_id), "balance")


@scenario("retry")
def retry(kit: Kit) -> None:
    """The same request again gets the first answer again, says so, and counts once."""
    member_id = kit.member()
    said = kit.purchase(member_id)
    first = kit.ask("pos", "POST", "/v1/purchases", said)
    again = kit.ask("pos", "POST", "/v1/purchases", said)
    expect((201, first.body, True), (again.status, again.body, again.is_replay), "the second answer")
    expect(first.body["balance"], kit.balance(member_id), "balance")


@scenario("other-content")
def other_content(kit: Kit) -> None:
    """An id that comes with other content is refused, and nothing is written."""
    member_id = kit.member()
    said = kit.purchase(member_id)
    before = kit.yes("pos", "POST", "/v1/purchases", said)["balance"]
    other = said | {"lines": [{"line_id": "1", "quantity": 1, "amount": 20_000}]}
    kit.no(422, "id_reused", kit.ask("pos", "POST", "/v1/purchases", other))
    expect(before, kit.balance(member_id), "balance")


@scenario("at-once")
def at_once(kit: Kit) -> None:
    """The same request four times at once has one effect, and each gets its answer."""
    member_id = kit.member()
    said = kit.purchase(member_id)
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: kit.ask("pos", "POST", "/v1/purchases", said), range(4)))
    expect({201}, {one.status for one in told}, "statuses")
    expect({told[0].body["balance"]}, {one.body["balance"] for one in told}, "balances")
    expect(told[0].body["balance"], kit.balance(member_id), "balance")


@scenario("give-up")
def give_up(kit: Kit) -> None:
    """A purchase whose answer was lost is reversed by its id; its points are gone, and its id is closed."""
    member_id = kit.member()
    said = kit.purchase(member_id)
    kit.yes("pos", "POST", "/v1/purchases", said)
    undo = {"reverse_id": said["purchase_id"], "kind": "purchase", "source": "pos"}
    for _ in range(2):
        told = kit.ask("pos", "POST", f"/v1/operations/{said['purchase_id']}/reverse", undo)
        expect((200, "reversed"), (told.status, told.body.get("state")), "the reversal")
    expect(0, kit.balance(member_id), "balance")
    kit.no(409, "reversed", kit.ask("pos", "POST", "/v1/purchases", said))


@scenario("never-arrived")
def never_arrived(kit: Kit) -> None:
    """A purchase that never arrived is reversed all the same; if it comes later, it is refused."""
    member_id = kit.member()
    said = kit.purchase(member_id)
    undo = {"reverse_id": said["purchase_id"], "kind": "purchase", "source": "pos"}
    told = kit.ask("pos", "POST", f"/v1/operations/{said['purchase_id']}/reverse", undo)
    expect((200, "not_arrived"), (told.status, told.body.get("state")), "the reversal")
    kit.no(409, "reversed", kit.ask("pos", "POST", "/v1/purchases", said))
    expect(0, kit.balance(member_id), "balance")


# ---- coupons --------------------------------------------------------------------------------------------------------


@scenario("redeem")
def redeem(kit: Kit) -> None:
    """A coupon is validated, redeemed once, and refused to everybody after that; a retry gets its answer again."""
    code = kit.coupon(kit.member())
    said = kit.redemption(code)
    dry = {name: said[name] for name in ("codes", "channel", "basket")}
    expect(100, kit.yes("pos", "POST", "/v1/validations", dry, "coupons")["discount_total"], "the dry run's discount")
    first = kit.ask("pos", "POST", "/v1/redemptions", said, "coupons")
    expect((201, "redeemed", 100), (first.status, first.body["state"], first.body["discount_total"]), "the redemption")
    again = kit.ask("pos", "POST", "/v1/redemptions", said, "coupons")
    expect((201, first.body, True), (again.status, again.body, again.is_replay), "the second answer")
    kit.no(409, "code_not_usable", kit.ask("pos", "POST", "/v1/redemptions", kit.redemption(code), "coupons"))


@scenario("void")
def void(kit: Kit) -> None:
    """A void gives the coupon back once; the id is closed, and a new one may use the coupon."""
    member_id = kit.member()
    code = kit.coupon(member_id)
    said = kit.redemption(code)
    path = f"/v1/redemptions/{said['redemption_id']}/void"
    kit.yes("pos", "POST", "/v1/redemptions", said, "coupons")
    for _ in range(2):
        told = kit.yes("pos", "POST", path, {"void_id": said["redemption_id"]}, "coupons")
        expect("voided", told["state"], "the void's state")
    expect("issued", kit.coupon_state(member_id), "the coupon's state")
    kit.no(409, "reversed", kit.ask("pos", "POST", "/v1/redemptions", said, "coupons"))
    kit.yes("pos", "POST", "/v1/redemptions", kit.redemption(code), "coupons")


@scenario("void-never-arrived")
def void_never_arrived(kit: Kit) -> None:
    """A redemption that never arrived is voided all the same; if it comes later, it is refused."""
    said = kit.redemption(kit.coupon(kit.member()))
    path = f"/v1/redemptions/{said['redemption_id']}/void"
    told = kit.yes("pos", "POST", path, {"void_id": said["redemption_id"]}, "coupons")
    expect("not_arrived", told["state"], "the void's state")
    kit.no(409, "reversed", kit.ask("pos", "POST", "/v1/redemptions", said, "coupons"))


@scenario("hold-and-capture")
def hold_and_capture(kit: Kit) -> None:
    """A held coupon is nobody else's; its capture redeems it, once."""
    code = kit.coupon(kit.member())
    said = kit.redemption(code, hold_seconds=600)
    held = kit.yes("pos", "POST", "/v1/redemptions", said, "coupons")
    expect(("held", True), (held["state"], bool(held.get("held_until"))), "the hold")
    kit.no(409, "code_not_usable", kit.ask("pos", "POST", "/v1/redemptions", kit.redemption(code), "coupons"))
    path = f"/v1/redemptions/{said['redemption_id']}/capture"
    for _ in range(2):
        expect("redeemed", kit.yes("pos", "POST", path, {}, "coupons")["state"], "the capture's state")


@scenario("points-hold")
def points_hold(kit: Kit) -> None:
    """Held points are captured in part, and the rest is free again."""
    member_id = kit.member()
    total = kit.yes("pos", "POST", "/v1/purchases", kit.purchase(member_id))["balance"]
    hold = {"hold_id": kit.id("h"), "member": {"member_id": member_id}, "points": total, "order_ref": "contract"}
    expect(0, kit.yes("ec", "POST", "/v1/holds", hold)["balance"], "balance while held")
    captured = kit.yes("ec", "POST", f"/v1/holds/{hold['hold_id']}/capture", {"points": 1})
    expect(("captured", 1, total - 1), (captured["state"], captured["captured"], captured["balance"]), "the capture")
    other = kit.ask("ec", "POST", f"/v1/holds/{hold['hold_id']}/capture", {"points": 2})
    kit.no(409, "hold_closed", other)


# ---- who is there ---------------------------------------------------------------------------------------------------


@scenario("spend-with-code")
def spend_with_code(kit: Kit) -> None:
    """A till spends points with the member's rotating code, once, and never without."""
    member_id = kit.guest()
    kit.yes("pos", "POST", "/v1/purchases", kit.purchase(member_id))
    rotating = kit.yes(f"member:{member_id}", "GET", "/v1/me/code")["rotating"]["value"]
    spend = {"spend_id": kit.id("s"), "points": 5, "order_ref": "contract"}
    bare = kit.ask("pos", "POST", "/v1/spends", spend | {"member": {"member_id": member_id}})
    kit.no(403, "presence_required", bare)
    resolved = kit.yes("pos", "POST", "/v1/members/resolve", {"member": {"code": rotating}})
    expect((member_id, "rotating"), (resolved["member_id"], resolved["code_level"]), "who was resolved")
    kit.yes("pos", "POST", "/v1/spends", spend | {"member": {"scan": resolved["scan"]}})
    kit.no(409, "code_used", kit.ask("pos", "POST", "/v1/members/resolve", {"member": {"code": rotating}}))


@scenario("presence-code")
def presence_code(kit: Kit) -> None:
    """The store's rotating code checks a member in who has no location, at level 2."""
    store_id = kit.till()["store_id"]
    shown = kit.yes("pos", "GET", f"/v1/stores/{store_id}/presence-code", None, "checkin")
    member_id = kit.guest()
    visit = {"checkin_id": kit.id("v"), "store_id": store_id, "presence_code": shown["code"]}
    told = kit.yes(f"member:{member_id}", "POST", "/v1/me/checkins", visit, "checkin")
    expect(2, told["evidence_level"], "level of evidence")
    again = kit.ask(f"member:{member_id}", "POST", "/v1/me/checkins", visit, "checkin")
    expect((True, told), (again.is_replay, again.body), "the second answer")


@scenario("wrong-store")
def wrong_store(kit: Kit) -> None:
    """A till speaks for its own store alone."""
    other = kit.yes("pos_other_store", "GET", "/v1/whoami")["store_id"]
    member_id = kit.member()
    bought = kit.purchase(member_id, store_id=other)
    kit.no(403, "wrong_store", kit.ask("pos", "POST", "/v1/purchases", bought))
    said = kit.redemption(kit.coupon(member_id))
    kit.yes("pos", "POST", "/v1/redemptions", said, "coupons")
    undo = {"void_id": said["redemption_id"]}
    told = kit.ask("pos_other_store", "POST", f"/v1/redemptions/{said['redemption_id']}/void", undo, "coupons")
    kit.no(403, "wrong_store", told)
    expect("redeemed", kit.coupon_state(member_id), "the coupon's state")


@scenario("unknown-code")
def unknown_code(kit: Kit) -> None:
    """Codes that do not exist are refused with one answer, which does not say why."""
    kit.coupon(kit.member())  # the campaign is there
    told = kit.ask("pos", "POST", "/v1/redemptions", kit.redemption("0000-0000-0000-01"), "coupons")
    refused = kit.no(409, "code_not_usable", told)
    expect(None, refused.get("reason"), "a reason")
    kit.no(404, "member_not_found", kit.ask("pos", "POST", "/v1/members/resolve", {"member": {"code": "0" * 13}}))


@scenario("clear-errors")
def clear_errors(kit: Kit) -> None:
    """What is wrong with a body is told by field, and nothing is written; mended, the same id goes through."""
    member_id = kit.member()
    said = kit.purchase(member_id)
    faulty = [
        (said | {"occurred_at": said["occurred_at"].removesuffix("Z")}, "/occurred_at"),
        (said | {"lines": [{"line_id": "1", "quantity": 1, "amount": 19.8}]}, "/lines/0/amount"),
        (said | {"unheard_of": 1}, "/unheard_of"),
    ]
    for body, pointer in faulty:
        refused = kit.no(422, "invalid_request", kit.ask("pos", "POST", "/v1/purchases", body))
        expect(pointer, refused["errors"][0]["pointer"], "the faulty field")
    expect(201, kit.ask("pos", "POST", "/v1/purchases", said).status, "status of the mended request")


# ---- without a line -------------------------------------------------------------------------------------------------


@scenario("offline-sync")
def offline_sync(kit: Kit) -> None:
    """What a till did without a line is told twice and counts once; a coupon that was used meanwhile is told."""
    till, member_id = kit.till(), kit.member()
    place = kit.yes("operator", "GET", f"/v1/stores/{till['store_id']}", None, "checkin")
    local = kit.now().astimezone(ZoneInfo(place["time_zone"])) - timedelta(hours=place.get("cutoff_hour", 0))
    allowance = {"allowance_id": kit.id("a"), "terminal_id": till["terminal_id"], "business_day": f"{local:%Y-%m-%d}"}
    kit.yes("pos", "POST", "/v1/offline/allowances", allowance, "coupons")
    bought, said, late = kit.purchase(member_id), kit.redemption(kit.coupon(member_id)), kit.redemption("")
    late["codes"] = said["codes"]
    seq = int(kit.now().timestamp() * 100)
    named = (("purchase", bought), ("redemption", said), ("redemption", late))
    items = [
        {"id": f"i-{n}", "kind": kind, "occurred_at": kit.time(), "terminal_seq": seq + n, "body": body}
        for n, (kind, body) in enumerate(named)
    ]
    for wanted in (["applied", "applied", "conflict_refused"], ["duplicate", "duplicate", "conflict_refused"]):
        told = kit.yes("pos", "POST", "/v1/offline/sync", {"items": items}, "coupons")["results"]
        expect([f"i-{n}" for n in range(3)], [one["id"] for one in told], "the results' ids")
        expect(wanted, [one["outcome"] for one in told], "outcomes")
    expect("redeemed", kit.coupon_state(member_id), "the coupon's state")
    online = kit.ask("pos", "POST", "/v1/purchases", bought)
    expect(201, online.status, "status of the same purchase online")
    kit.eventually(online.body["balance"], lambda: kit.balance(member_id), "balance")
