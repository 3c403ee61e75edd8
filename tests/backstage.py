"""Behind the scenes of a day: tills without a line, processes that die, jobs, keys, webhooks, the nights."""

from __future__ import annotations

from coupons import code_files
from tests.day import DEVICE, GONE_NAME, GONE_PHONE, PLACE, Day
from tests.kit import purchase
from tests.scenes import BASKET, CAMPAIGN, CONSENTS, HANA, at, come_by, give_coupons, join, open_shop, plant_codes, sell


def live(day: Day) -> None:
    """The whole day."""
    for scene in (
        open_shop,
        join,
        sell,
        give_coupons,
        come_by,
        go_offline,
        die,
        make_codes,
        run_keys,
        hear_of_it,
        wait,
    ):
        scene(day)
        day.work()
    for scene in (merge, leave):
        scene(day)
        day.work()
    for _ in range(3):
        day.hours(24)
    read_up(day)
    day.work()
    day.nonsense()


def go_offline(day: Day) -> None:
    allowance = {"allowance_id": "al", "terminal_id": "till-1", "business_day": "2026-11-20"}
    day.ask("coupons", "pos", "POST", "/v1/offline/allowances", allowance)
    items = day.ask("coupons", "member:hana", "GET", "/v1/me/coupons?limit=100")["items"]
    free = next(one for one in items if one["campaign_id"] == "spring" and one["state"] == "issued")
    coupon = day.ask("coupons", "member:hana", "GET", f"/v1/me/coupons/{free['coupon_id']}")
    plant_codes(day, *(one["code"] for one in items if "code" in one))
    day.plant("offline token", coupon["offline_token"])
    body = {"redemption_id": "off", "order_ref": "o", "basket": BASKET}
    one = {"id": "1", "kind": "redemption", "allowance_id": "al", "occurred_at": at(day, minutes=1), "terminal_seq": 1}
    day.ask(
        "coupons",
        "pos",
        "POST",
        "/v1/offline/sync",
        {"items": [one | {"offline_token": coupon["offline_token"], "body": body}]},
    )
    sale = purchase(purchase_id="off-sale", member=HANA, occurred_at=at(day, minutes=1))
    two = one | {"id": "2", "kind": "purchase", "terminal_seq": 2, "body": sale}
    day.ask("coupons", "pos", "POST", "/v1/offline/sync", {"items": [two]})
    day.ask("coupons", "pos", "GET", "/v1/offline/terminals/till-1?business_day=2026-11-20")


def die(day: Day) -> None:
    """What was named and never entered; the stream brings it to whoever finishes it."""
    sale = purchase(purchase_id="dead", member=HANA, occurred_at=at(day, minutes=1))
    with day.dying():
        day.refused("points", "pos", "POST", "/v1/purchases", sale)
        wish = {"campaign_id": "spring", "member": HANA, "source_id": "dead"}
        day.refused("coupons", "ec", "POST", "/v1/issues", wish)
        told = {"trigger_id": "dead", "type": "survey", "member": HANA}
        day.refused("coupons", "ec", "POST", "/v1/triggers", told)
        visit = {"checkin_id": "dead", "store_id": "umeda", "member": HANA}
        day.refused("checkin", "ec", "POST", "/v1/checkins", visit)


def make_codes(day: Day) -> None:
    """A job that is done when it is answered, one whose file is made in steps, and one that is made again."""
    day.ask("coupons", "operator", "POST", "/v1/campaigns", CAMPAIGN | {"campaign_id": "bulk"})
    path = "/v1/campaigns/bulk/codes"
    step, code_files.STEP = code_files.STEP, 10
    at_once, code_files.AT_ONCE = code_files.AT_ONCE, 5
    try:
        day.ask("coupons", "operator", "POST", path, {"job_id": "small", "count": 4})
        day.ask("coupons", "operator", "POST", path, {"job_id": "large", "count": 25})
        day.work()
        for job in ("small", "large"):
            told = day.ask("coupons", "operator", "GET", f"/v1/jobs/{job}")
            file = day.world.files.get(told["download_url"].removeprefix("memory:"))
            assert file is not None
            day.plant("bulk code", *file.decode().splitlines()[1:])
        day.clock.slept += 2 * 86_400  # the file has gone, and the queue brings its message once more
        day.bring("codes", "N#codes#shop#large")
        day.work()
        with day.without_settings():  # it dies between the pool and the moment from which its codes exist
            day.refused("coupons", "operator", "POST", path, {"job_id": "dead", "count": 3})
        day.work()
    finally:
        code_files.STEP, code_files.AT_ONCE = step, at_once


def run_keys(day: Day) -> None:
    made = day.ask("points", "operator", "POST", "/v1/keys", {"key_id": "new", "owner": "o", "kind": "ec"})
    renewed = day.ask("points", "operator", "POST", "/v1/keys/new/rotate", {"overlap_seconds": 60})
    day.plant("key", made["secret"], renewed["secret"])
    day.ask("points", "operator", "GET", "/v1/keys")
    day.ask("points", "operator", "DELETE", "/v1/keys/new")
    revoked = day.client("ec", "points").get("/v1/whoami", Authorization=f"Bearer {made['secret']}")
    assert revoked.status == 401
    day.refusals.append(revoked)


def hear_of_it(day: Day) -> None:
    """Webhooks: taken, refused for a while, replayed, gone."""
    hook = {"webhook_id": "hook", "url": day.hook.url, "types": ["points.earned", "member.created"]}
    made = day.ask("points", "ec", "POST", "/v1/webhooks", hook)
    day.plant("webhook secret", made["secret"], made["secret"].removeprefix("whsec_"))
    for n, status in enumerate((503, 204, 204)):
        day.hook.behaves = status
        sale = purchase(purchase_id=f"heard-{n}", member=HANA, occurred_at=at(day, minutes=1))
        day.ask("points", "pos", "POST", "/v1/purchases", sale)
        day.work()
        day.clock.forward(minutes=20)
    day.ask("points", "ec", "POST", "/v1/webhooks/hook/replay", {"from": at(day, hours=2)})
    day.work()
    day.ask("points", "ec", "GET", "/v1/webhooks/hook/deliveries")
    day.hook.behaves = 410
    day.ask("points", "pos", "POST", "/v1/purchases", purchase(purchase_id="gone", member=HANA, occurred_at=at(day)))
    day.work()


def wait(day: Day) -> None:
    """Points that arrive in two days, by themselves."""
    settings = day.ask("points", "operator", "GET", "/v1/programme")
    waits = {"pending": {"ec": "complete", "pos": {"days": 2}}, "erasure_grace_days": 1}
    day.ask("points", "operator", "PUT", "/v1/programme", settings | waits)
    day.ask("points", "pos", "POST", "/v1/purchases", purchase(purchase_id="wait", member=HANA, occurred_at=at(day)))


def merge(day: Day) -> None:
    day.ask("points", "operator", "POST", "/v1/members/o-taro/merge", {"merge_id": "m", "into_member_id": "hana"})
    day.work()
    day.ask("points", "operator", "POST", "/v1/members/o-taro/unmerge", {"merge_id": "m"})


def leave(day: Day) -> None:
    """Two members go: one is erased at once, the other leaves in a day; a third thinks again. Before, all read of them."""
    day.plant("erased name", GONE_NAME)
    day.plant("erased phone", GONE_PHONE)
    day.plant("attestation", "canary.attestation.token")
    for number, member_id in enumerate(("gone", "going", "staying")):
        more = {"identities": [{"type": "phone", "value": GONE_PHONE}]} if member_id == "gone" else {}
        name = "残る" if member_id == "staying" else GONE_NAME
        who = {"member_id": member_id, "display_name": name, "consents": CONSENTS, **more}
        day.ask("points", "ec", "POST", "/v1/members", who)
        sale = purchase(purchase_id=f"g-{number}", member={"member_id": member_id}, occurred_at=at(day, minutes=1))
        day.ask("points", "pos", "POST", "/v1/purchases", sale)
        fix = {**PLACE, "captured_at": at(day)}
        visit = {"checkin_id": f"g-{number}", "store_id": "osaka", "location": fix, "device_id": f"{DEVICE}-{number}"}
        vouched = {"attestation": {"kind": "play_integrity", "token": "canary.attestation.token"}}
        day.ask("checkin", f"member:{member_id}", "POST", "/v1/me/checkins", visit | vouched)
    fix = {**PLACE, "captured_at": at(day)}
    visit = {"checkin_id": "far", "store_id": "shibuya", "location": fix}
    assert day.ask("checkin", "member:gone", "POST", "/v1/me/checkins", visit)["outcome"] == "pending_review"
    stay = {"challenge_id": "stay", "store_id": "lounge", "location": fix}
    day.ask("checkin", "member:gone", "POST", "/v1/me/checkins/challenges", stay)
    day.work()
    day.ask("points", "member:gone", "GET", "/v1/me/export")
    day.ask("points", "operator", "GET", "/v1/members/gone/export")
    day.plant("erased words", "ORDER-OF-THE-GONE")
    late = purchase(
        purchase_id="late", member={"member_id": "gone"}, occurred_at=at(day), order_ref="ORDER-OF-THE-GONE"
    )
    with day.dying():
        day.refused("points", "ec", "POST", "/v1/purchases", late)  # it comes in when they are gone
    day.ask("points", "operator", "DELETE", "/v1/members/gone", {})
    for member_id in ("going", "staying"):
        day.ask("points", f"member:{member_id}", "DELETE", "/v1/me", {"confirm": True})
    day.ask("points", "member:staying", "POST", "/v1/me/keep", {})


def read_up(day: Day) -> None:
    """What is listed and exported at the end."""
    for on in ("", "?on=2000-01-01"):  # kept, and added up when asked for
        day.ask("points", "operator", "GET", f"/v1/reports/liability{on}")
    day.ask("points", "operator", "GET", "/v1/reports/dead-letters")
    for path in ("entries?limit=100", "balance"):
        day.ask("points", "operator", "GET", f"/v1/members/hana/{path}")
    day.ask("coupons", "operator", "GET", "/v1/campaigns/spring/stats")
    day.ask("checkin", "ec", "GET", "/v1/members/hana/checkins")
