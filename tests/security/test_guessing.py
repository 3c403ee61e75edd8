"""Whoever asks for too many codes that do not exist waits for those alone; a typing error costs nobody anything."""

import itertools
from dataclasses import replace

import pytest

from checkin.routes import ROUTES as CHECKIN
from coupons.routes import ROUTES as COUPONS
from points.routes import ROUTES as POINTS
from shared import barcode, totp
from shared.errors import Unavailable
from shared.http import Request, answer
from shared.memory import MemoryTable
from tests.api.coupons.conftest import CAMPAIGN, SHIBUYA
from tests.kit import CAFE, EC, OPERATOR, OTHER_TILL, TILL, Client, FakeClock, key, make_world, member
from tests.typed import made_up, mistyped

BASKET = {"lines": [{"line_id": "1", "quantity": 1, "amount": 1000}]}
ELSEWHERE = "198.51.100.1"
_ids = (f"id-{n}" for n in itertools.count())


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def points(clock):
    client = Client(POINTS, make_world(clock))
    consents = {"location": {"granted": True, "version": "1"}}
    for member_id in ("taro", "hanako"):
        card = {"type": "card", "value": f"card-{member_id}"}
        said = {"member_id": member_id, "identities": [card], "consents": consents}
        assert client.post("/v1/members", said).status == 201
    checkin = Client(CHECKIN, client.world, OPERATOR)
    for store_id in ("shibuya", "umeda"):
        assert checkin.put(f"/v1/stores/{store_id}", SHIBUYA).status == 200
    return client


@pytest.fixture
def checkin(points):
    return Client(CHECKIN, points.world)


@pytest.fixture
def coupons(points):
    client = Client(COUPONS, points.world)
    operator = client.as_(OPERATOR)
    assert operator.post("/v1/campaigns", CAMPAIGN).status == 201
    paper = CAMPAIGN | {"campaign_id": "paper", "code": {"mode": "unique", "sleeping": True}}
    assert operator.post("/v1/campaigns", paper).status == 201
    return client


def coupon(coupons, member_id="taro"):
    said = {"campaign_id": "spring", "source_id": next(_ids), "member": {"member_id": member_id}}
    return coupons.as_(EC).post("/v1/issues", said).body["code"]


def validate(client, *codes, **more):
    return client.post("/v1/validations", {"codes": codes, "channel": "pos", "basket": BASKET} | more)


def redeem(client, code, **more):
    said = {"redemption_id": next(_ids), "codes": [code], "channel": "pos", "order_ref": "o", "basket": BASKET}
    return client.post("/v1/redemptions", said | more)


def claim(client, qr):
    return client.post("/v1/me/claims", {"claim_id": next(_ids), "campaign_id": "paper", "qr": qr})


def activate(client, code):
    return client.post(f"/v1/coupons/{code}/activate", {"activate_id": next(_ids)})


def resolve(client, **member):
    return client.post("/v1/members/resolve", {"member": member})


def show(client, code, store_id="shibuya", field="presence_code", checkin_id=None):
    said = {"checkin_id": checkin_id or next(_ids), "store_id": store_id, field: code}
    return client.post("/v1/me/checkins", said)


def cards(count):
    """Static member codes of the right form that nobody has."""
    return [barcode.ean13(f"29{number:010d}") for number in range(count)]


# ---- the whole budget, way by way ------------------------------------------------------------------------------------


def _of_validations(coupons, _):
    return [(lambda code=code: validate(coupons.as_(TILL), code), 200) for code in made_up(60)], 60


def _of_redemptions(coupons, _):
    return [(lambda code=code: redeem(coupons.as_(TILL), code), 409) for code in made_up(60)], 60


def _of_sleeping_codes(coupons, _):
    return [(lambda code=code: activate(coupons.as_(EC), code), 404) for code in made_up(60)], 60


def _of_claims(coupons, _):
    return [(lambda code=code: claim(coupons.as_(member("taro")), code), 409) for code in made_up(10)], 10


def _of_static_codes(_, points):
    return [(lambda code=code: resolve(points.as_(TILL), code=code), 404) for code in cards(60)], 60


def _of_one_time_codes(_, points):
    number = points.as_(member("taro")).get("/v1/me/code").body["rotating"]["value"][:10]
    codes = [f"{number}{n:08d}" for n in range(60)]
    return [(lambda code=code: resolve(points.as_(TILL), code=code), 404) for code in codes], 60


def _of_cards(_, points):
    identities = [{"type": "card", "value": f"nobody-{n}"} for n in range(60)]
    return [(lambda one=one: resolve(points.as_(TILL), identity=one), 404) for one in identities], 60


def _of_a_partner(_, points):
    def award(code):
        said = {"award_id": next(_ids), "member": {"code": code}, "points": 1, "reason": "visit"}
        return points.as_(CAFE).post("/v1/awards", said)

    said = {"name": "cafe", "budget": {"kind": "monthly", "points": 2000}}
    assert points.as_(OPERATOR).put("/v1/partners/cafe", said).status == 200
    return [(lambda code=code: award(code), 404) for code in cards(60)], 60


def _of_receipts(_, points):
    def receipt(n):
        said = {"receipt_claim_id": next(_ids), "source": "pos", "purchase_id": f"p-{n}", "amount": 1}
        return points.as_(member("taro")).post("/v1/me/receipts", said)

    return [(lambda n=n: receipt(n), 404) for n in range(10)], 10


def _of_presence_codes(coupons, _):
    taro = Client(CHECKIN, coupons.world, member("taro"))
    return [(lambda n=n: show(taro, f"{n:08d}"), 201) for n in range(10)], 10


def _of_printed_codes(coupons, _):
    taro = Client(CHECKIN, coupons.world, member("taro"))
    forged = [f"omo-store:shibuya:{n:040x}" for n in range(10)]
    return [(lambda qr=qr: show(taro, qr, field="qr"), 201) for qr in forged], 10


WAYS = [
    _of_validations,
    _of_redemptions,
    _of_sleeping_codes,
    _of_claims,
    _of_static_codes,
    _of_one_time_codes,
    _of_cards,
    _of_a_partner,
    _of_receipts,
    _of_presence_codes,
    _of_printed_codes,
]


@pytest.mark.parametrize("way", WAYS)
def test_a_budget_is_told_used_up_and_whole_again_in_ten_minutes(coupons, points, clock, way):
    guesses, quota = way(coupons, points)
    for n, (guess, status) in enumerate(guesses):
        told = guess()
        assert (told.status, told.headers["RateLimit"].split(",")[0]) == (status, f'"default";r={quota - n - 1};t=600')
        assert told.headers["RateLimit-Policy"].split(",")[0] == f'"default";q={quota};w=600'
    guess = guesses[0][0]
    clock.forward(seconds=200.5)
    before = points.world.ledger.table.usage.write_units
    refused = guess()
    assert (refused.status, refused.code, refused.body["retryable"]) == (429, "too_many_requests", False)
    assert refused.headers["Retry-After"] == "400"
    assert refused.body["retry_after_seconds"] == 400
    assert refused.headers["RateLimit"].split(",")[0] == '"default";r=0;t=400'
    assert points.world.ledger.table.usage.write_units == before
    clock.forward(seconds=399.5)
    assert guess().status == guesses[0][1]


def test_a_guess_in_a_batch_is_counted_and_harms_no_other(points):
    till = points.as_(TILL)
    guesses = [{"member": {"code": code}} for code in cards(99)]
    sales = [
        one
        | {"purchase_id": f"p-{n}", "source": "pos", "occurred_at": "2026-11-20T02:55:00Z", "state": "completed"}
        | {"lines": [{"line_id": "1", "quantity": 1, "amount": 1000}]}
        for n, one in enumerate([*guesses, {"member": {"member_id": "taro"}}])
    ]
    told = till.post("/v1/purchases/batch", {"purchases": sales})
    statuses = [one["status"] for one in told.body["results"]]
    assert (told.status, statuses) == (200, [404] * 60 + [429] * 39 + [201])


# ---- what is not counted ---------------------------------------------------------------------------------------------


def test_good_codes_pass_when_the_budget_is_used_up(coupons, points):
    till, mine = coupons.as_(TILL), [coupon(coupons) for _ in range(2)]
    for code in made_up(60):
        validate(till, code)
    assert validate(till, made_up(61)[-1]).status == 429
    assert validate(till, mine[0]).body["discount_total"] == 300
    assert redeem(till, mine[0]).status == 201
    assert redeem(till, mine[0]).code == "code_not_usable"  # used, which is not unknown
    assert validate(till, mine[1], made_up(1)[0]).status == 429  # the unknown one among others
    shown = points.as_(member("taro")).get("/v1/me/code").body
    assert resolve(points.as_(TILL), code=shown["rotating"]["value"]).status == 200
    assert resolve(points.as_(TILL), code=shown["static"]["value"]).status == 200
    assert resolve(points.as_(TILL), identity={"type": "card", "value": "card-taro"}).status == 200


def test_a_guest_who_guessed_too_often_may_still_show_the_right_code(checkin):
    taro = checkin.as_(member("taro"))
    for n in range(10):
        show(taro, f"{n:08d}")
    assert show(taro, "00000000").status == 429
    code = checkin.as_(TILL).get("/v1/stores/shibuya/presence-code").body["code"]
    assert show(taro, code).body["outcome"] == "awarded"


def test_typing_errors_cost_nothing(coupons, points):
    till = coupons.as_(TILL)
    for code in mistyped(70):
        told = validate(till, code, "x")
        assert (told.status, told.headers["RateLimit"]) == (200, '"default";r=60;t=0')
        assert redeem(till, code).status == 409
    usage = points.world.directory.table.usage
    usage.reset()
    for card in cards(70):
        wrong = card[:-1] + str((int(card[-1]) + 1) % 10)
        assert resolve(points.as_(TILL), code=wrong).code == "member_not_found"
        assert resolve(points.as_(TILL), code="scratched").code == "member_not_found"
        assert resolve(points.as_(TILL), scan="forged").code == "member_not_found"
    assert usage.round_trips == 0
    assert points.world.transient.usage.round_trips == 0


@pytest.mark.parametrize("shown", ["x", "1234567", "omo-store:shibuya:123", "https://example.com/menu"])
def test_a_qr_of_something_else_is_no_guess(checkin, shown):
    taro = checkin.as_(member("taro"))
    for field in ("presence_code", "qr"):
        for _ in range(11):
            assert show(taro, shown, field=field).status == 201


def test_the_printed_qr_of_another_store_is_no_guess(checkin):
    taro = checkin.as_(member("taro"))
    qr = checkin.as_(OPERATOR).get("/v1/stores/umeda/qr").body["qr_payload"]
    for _ in range(11):
        assert show(taro, qr, field="qr").status == 201


def test_a_shop_that_asks_who_is_a_member_does_not_guess(points):
    for n in range(70):
        assert resolve(points, identity={"type": "ec", "value": f"guest-{n}"}).status == 404
        assert resolve(points, member_id=f"guest-{n}").status == 404


def test_a_retry_of_a_wrong_code_is_the_same_guess(checkin):
    taro = checkin.as_(member("taro"))
    for _ in range(11):
        assert show(taro, "00000000", checkin_id="once").status == 201
    for n in range(9):
        assert show(taro, "00000000").status == 201, n
    assert show(taro, "00000000").status == 429
    assert show(taro, "00000000", checkin_id="once").is_replay


def test_a_used_expired_or_foreign_code_is_no_guess(coupons, clock):
    till, used, theirs, over = coupons.as_(TILL), *(coupon(coupons, who) for who in ("taro", "hanako", "taro"))
    assert redeem(till, used).status == 201
    for _ in range(31):
        assert redeem(till, used).code == "code_not_usable"
        assert redeem(till, theirs, member={"member_id": "taro"}).code == "code_not_usable"
    clock.forward(days=400)
    for _ in range(61):
        assert redeem(till, over).code == "code_not_usable"


# ---- whose budget ----------------------------------------------------------------------------------------------------


def test_one_tills_guesses_are_in_no_other_tills_way(coupons):
    codes = made_up(61)
    for code in codes[:60]:
        validate(coupons.as_(TILL), code)
    assert validate(coupons.as_(TILL), codes[60]).status == 429
    assert validate(coupons.as_(TILL).from_(ELSEWHERE), codes[60]).status == 429
    for other in (OTHER_TILL, EC, OPERATOR):
        assert validate(coupons.as_(other), codes[60], store_id=other.store_id).status == 200


def test_a_budget_is_one_over_all_services(coupons, points):
    for code in made_up(60):
        validate(coupons.as_(TILL), code)
    assert resolve(points.as_(TILL), code=cards(1)[0]).status == 429


def test_many_logins_at_one_address_have_its_budget_together(coupons, points):
    code, names = made_up(1)[0], [f"m-{n}" for n in range(12)]
    for name in names:
        assert points.post("/v1/members", {"member_id": name}).status == 201
    for name in names[:10]:
        for _ in range(10):
            assert claim(coupons.as_(member(name)), code).status == 409
    told = claim(coupons.as_(member(names[10])), code)
    assert (told.status, told.headers["RateLimit"]) == (429, '"default";r=9;t=600, "address";r=0;t=600')
    assert told.headers["RateLimit-Policy"] == '"default";q=10;w=600, "address";q=100;w=600'
    assert claim(coupons.as_(member(names[11])).from_("203.0.113.250"), code).status == 429
    assert claim(coupons.as_(member(names[11])).from_(ELSEWHERE), code).status == 409


def test_no_header_says_where_a_caller_is(coupons, points):
    for n in range(11):
        told = coupons.as_(member("taro")).post(
            "/v1/me/claims",
            {"claim_id": next(_ids), "campaign_id": "paper", "qr": made_up(1)[0]},
            x_forwarded_for=f"192.0.{n}.1",
        )
    assert told.status == 429


def test_the_test_clock_moves_no_budget(clock):
    world = replace(make_world(clock), has_test_clock=True)
    till = Client(POINTS, world, TILL)
    for card in cards(60):
        resolve(till, code=card)
    body = {"member": {"code": cards(1)[0]}}
    for day in ("2026-11-19", "2026-11-21", "2027-11-20"):
        assert till.post("/v1/members/resolve", body, x_omo_now=f"{day}T03:00:00Z").status == 429


def test_no_address_login_or_code_is_kept_in_clear(coupons):
    claim(coupons.as_(member("taro")), made_up(1)[0])
    kept = repr([one for one in coupons.world.transient.scan() if one["pk"].startswith("guesses#")])
    assert "guesses#" in kept
    for secret in ("203.0", "taro", made_up(1)[0]):
        assert secret not in kept


# ---- answers ---------------------------------------------------------------------------------------------------------


def test_a_429_speaks_both_languages(coupons):
    for code in made_up(60):
        validate(coupons.as_(TILL), code)
    said = {"codes": made_up(1), "channel": "pos", "basket": BASKET}
    english = coupons.as_(TILL).post("/v1/validations", said).body["title"]
    japanese = coupons.as_(TILL).post("/v1/validations", said, accept_language="ja").body["title"]
    assert (english, japanese) == (
        "Too many requests. Please wait.",
        "リクエストが多すぎます。しばらくお待ちください。",
    )


def test_good_answers_of_limited_routes_tell_the_policy_and_others_do_not(coupons, points):
    told = validate(coupons.as_(TILL), coupon(coupons))
    assert told.headers["RateLimit-Policy"] == '"default";q=60;w=600'
    assert told.headers["RateLimit"] == '"default";r=60;t=0'
    assert "RateLimit" not in points.as_(OPERATOR).get("/v1/programme").headers


def test_an_unknown_key_is_counted_by_its_address_on_every_route():
    for routes in (POINTS, COUPONS, CHECKIN):
        world = make_world()
        asking = itertools.cycle(route for route in routes.all if route.scope != "public")
        statuses = []
        for n, route in zip(range(101), asking, strict=False):
            asked = Request(headers={}, address=f"203.0.113.{n}", is_unknown_key=True, request_id=str(n))
            told = answer(world, route, asked)
            statuses.append(told.status)
            assert told.headers["RateLimit-Policy"] == '"address";q=100;w=600'
        assert statuses == [401] * 100 + [429]
        assert world.ledger.table.usage.round_trips == 0
        elsewhere = Request(headers={}, address=ELSEWHERE, is_unknown_key=True)
        assert answer(world, next(asking), elsewhere).status == 401


class Silent(MemoryTable):
    """A table that does not answer."""

    def __init__(self, trouble):
        super().__init__()
        self.trouble = trouble

    def get(self, pk, sk, *, consistent=False):
        raise self.trouble


@pytest.mark.parametrize(("trouble", "status"), [(Unavailable(), 503), (RuntimeError("broken"), 500)])
def test_what_cannot_be_counted_is_not_told(coupons, trouble, status):
    """No budget can be got round by trouble with the table; and a good code asks it nothing."""
    good = coupon(coupons)
    till = replace(coupons, world=replace(coupons.world, transient=Silent(trouble)), who=TILL)
    assert validate(till, made_up(1)[0]).status == status
    assert redeem(till, made_up(1)[0]).status == status
    assert redeem(till, good).status == 201


def test_two_keys_of_one_shop_are_two_budgets():
    assert key("ec", key_id="a").identity != key("ec", key_id="b").identity


# ---- the time it takes ----------------------------------------------------------------------------------------------


def test_a_one_time_code_of_nobody_is_searched_for_as_long_as_a_wrong_one_of_a_member(points, monkeypatch):
    """What a wrong code costs is its search through the steps: were it left out for a number of nobody, the time told."""
    number = points.as_(member("taro")).get("/v1/me/code").body["rotating"]["value"][:10]
    tried, real = [], totp.totp

    def counted(secret, step):
        tried.append(step)
        return real(secret, step)

    monkeypatch.setattr(totp, "totp", counted)
    told = []
    for code in (f"{number}00000000", f"{(int(number) + 1) % 10**10:010d}00000000"):
        tried.clear()
        answer = resolve(points.as_(TILL), code=code)
        told.append((answer.status, answer.code, len(tried)))
    assert told[0] == told[1]
    assert told[0][:2] == (404, "member_not_found")
    assert told[0][2] > totp.REMEMBERED_STEPS
