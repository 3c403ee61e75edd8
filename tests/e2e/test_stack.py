"""The product as its users meet it: over HTTP, through the real packages, templates, streams and queues."""

import contextlib
import json
import os
import signal
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import boto3
import pytest

from tests.e2e.conftest import eventually, omo

SERVICES = ("points", "coupons", "checkin")


def now():
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def purchase(fresh, member_id, amount=1000, **changes):
    return {
        "purchase_id": fresh,
        "source": "pos",
        "member": {"member_id": member_id},
        "occurred_at": now(),
        "state": "completed",
        "lines": [{"line_id": "1", "quantity": 1, "amount": amount}],
    } | changes


def basket(amount=3000):
    return {"lines": [{"line_id": "1", "quantity": 1, "amount": amount}]}


# ---- the stack itself -----------------------------------------------------------------------------------------------


def test_local_json_says_what_the_contract_says_and_only_to_its_owner(stack):
    local, path = stack.local, stack.home / "local.json"
    assert {"points", "coupons", "checkin", "console", "aws_endpoint", "issuer", "pid", "keys", "seed"} <= set(local)
    assert set(local["keys"]) >= {
        "ec",
        "pos",
        "pos_other_store",
        "partner",
        "partner_other",
        "operator",
        "operator_second",
    }
    assert {"store_id", "other_store_id", "partner_id", "member_ids", "campaign_ids"} <= set(local["seed"])
    assert not any(local[service].endswith("/") for service in SERVICES)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_running_stack_is_left_as_it_is(stack):
    again = omo("up", "--dir", str(stack.home), "--json")
    assert json.loads(again.stdout)["pid"] == stack.local["pid"]
    assert omo("status", "--dir", str(stack.home)).returncode == 0


def test_the_printed_curl_lines_work_when_pasted(stack):
    lines = [line.strip() for line in omo("up", "--dir", str(stack.home)).stdout.splitlines() if "curl " in line]
    assert len(lines) == 3
    for line in lines:
        assert "omo_" not in line
        answer = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
        assert "request_id" not in json.loads(answer.stdout)


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_answers_and_describes_itself(stack, service):
    assert stack.call(service, None, "GET", "/health").json()["status"] == "ok"
    assert stack.call(service, None, "GET", "/openapi.json").json()["openapi"] == "3.1.0"
    assert stack.call(service, "pos", "GET", "/v1/whoami").json()["store_id"] == stack.local["seed"]["store_id"]


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    ("who", "method", "path", "status", "code"),
    [
        (None, "GET", "/v1/whoami", 401, "unauthenticated"),
        ("nonsense", "GET", "/v1/whoami", 401, "unauthenticated"),
        ("ec", "GET", "/v1/nowhere", 404, "route_not_found"),
        ("ec", "PATCH", "/v1/whoami", 405, "method_not_allowed"),
    ],
)
def test_the_gateway_speaks_as_the_services_do(stack, service, who, method, path, status, code):
    answer = stack.call(service, who, method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert {"type", "title", "status", "detail", "retryable", "request_id"} <= answer.json().keys()
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"]


def test_tokens_that_are_over_or_for_others_are_nobodys(stack):
    member_id = stack.local["seed"]["member_ids"][0]
    for more in (["--ttl", "-120"], ["--aud", "elsewhere"]):
        token = omo("token", member_id, "--dir", str(stack.home), *more).stdout.strip()
        assert stack.call("points", token, "GET", "/v1/me").status_code == 401
    assert stack.call("points", f"member:{member_id}", "GET", "/v1/me").json()["member_id"] == member_id


def test_the_test_clock_moves_the_rules(stack, fresh):
    member_id = stack.member()
    stack.call("points", "pos", "POST", "/v1/purchases", purchase(fresh, member_id))
    path = f"/v1/members/{member_id}/balance"
    year = datetime.now(UTC).year + 2
    later = stack.call("points", "ec", "GET", path, X_Omo_Now=f"{year}-12-31T00:00:00Z").json()
    assert (stack.balance(member_id), later["available"]) == (10, 0)


# ---- points ---------------------------------------------------------------------------------------------------------


def test_twins_of_a_purchase_count_once_and_get_one_answer(stack, fresh):
    member_id = stack.member()
    body = purchase(fresh, member_id)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: stack.call("points", "pos", "POST", "/v1/purchases", body), range(6)))
    done = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 503}
    assert done
    assert all(answer.json() == done[0].json() for answer in done)
    assert stack.balance(member_id) == 10


def test_points_are_spent_by_one_of_many_at_once(stack, fresh):
    member_id = stack.member()
    stack.call("points", "ec", "POST", "/v1/purchases", purchase(fresh, member_id, 50_000))

    def spend(n):
        body = {"spend_id": f"{fresh}-{n}", "member": {"member_id": member_id}, "points": 500, "order_ref": "o"}
        return stack.call("points", "ec", "POST", "/v1/spends", body).status_code

    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(spend, range(6)))
    assert statuses == [201] + [409] * 5
    assert stack.balance(member_id) == 0


def test_a_partner_gives_points_by_the_code_on_the_screen(stack, fresh):
    member_id = stack.member()
    code = stack.call("points", f"member:{member_id}", "GET", "/v1/me/code").json()["static"]["value"]
    body = {"award_id": fresh, "member": {"code": code}, "points": 30, "reason": "latte"}
    first = stack.call("points", "partner", "POST", "/v1/awards", body)
    assert first.status_code == 201
    assert stack.call("points", "partner", "POST", "/v1/awards", body).json() == first.json()
    assert stack.balance(member_id) == 30
    assert member_id not in first.text


def test_a_till_holds_captures_and_gives_up_with_what_the_member_shows(stack, fresh):
    member_id = stack.member()
    stack.call("points", "ec", "POST", "/v1/purchases", purchase(fresh, member_id, 50_000))
    code = stack.call("points", f"member:{member_id}", "GET", "/v1/me/code").json()["rotating"]["qr_payload"]
    body = {"hold_id": f"h-{fresh}", "member": {"code": code}, "points": 300, "order_ref": "o"}
    assert stack.call("points", "pos", "POST", "/v1/holds", body).json()["balance"] == 200
    held = f"/v1/holds/h-{fresh}"
    assert stack.call("points", "pos", "POST", f"{held}/capture", {"points": 100}).json()["balance"] == 400
    undo = {"reverse_id": f"r-{fresh}", "kind": "hold"}
    assert stack.call("points", "pos", "POST", f"/v1/operations/h-{fresh}/reverse", undo).json()["state"] == "reversed"
    assert stack.balance(member_id) == 500


def test_a_key_made_over_http_opens_and_revoked_stops(stack, fresh):
    body = {"key_id": fresh, "owner": "till", "kind": "pos", "store_id": "shibuya", "terminal_id": "t"}
    secret = stack.call("points", "operator", "POST", "/v1/keys", body).json()["secret"]
    assert stack.call("coupons", secret, "GET", "/v1/whoami").json()["key_id"] == fresh  # and is kept there for 30 s
    assert stack.call("points", "operator", "DELETE", f"/v1/keys/{fresh}").status_code == 204
    assert stack.call("checkin", secret, "GET", "/v1/whoami").status_code == 401


# ---- check-in, its points and its coupon ----------------------------------------------------------------------------


def check_in(stack, member_id, checkin_id, lat=35.6595):
    return stack.call(
        "checkin",
        f"member:{member_id}",
        "POST",
        "/v1/me/checkins",
        {
            "checkin_id": checkin_id,
            "store_id": "shibuya",
            "location": {"lat": lat, "lon": 139.7005, "accuracy_m": 12.5, "captured_at": now()},
        },
    )


def test_a_check_in_brings_points_and_a_coupon_by_event(stack, fresh):
    member_id = stack.member()
    first = check_in(stack, member_id, fresh)
    assert (first.status_code, first.json()["outcome"], first.json()["already"]) == (201, "awarded", False)
    again = check_in(stack, member_id, f"{fresh}-2")
    assert (again.status_code, again.json()["already"]) == (200, True)
    points = first.json()["reward"]["points"]
    assert eventually(lambda: stack.balance(member_id), points) == points

    def coupons():
        return len(stack.call("coupons", f"member:{member_id}", "GET", "/v1/me/coupons").json()["items"])

    assert eventually(coupons, 1) == 1


def test_far_away_is_recorded_and_not_rewarded_and_nothing_is_told(stack, fresh):
    answer = check_in(stack, stack.member(), fresh, lat=43.0)
    assert (answer.status_code, answer.json()["outcome"]) == (201, "recorded_no_award")
    assert answer.json()["reward"] == {"points": 0, "campaigns": []}


# ---- coupons --------------------------------------------------------------------------------------------------------


@pytest.fixture
def coupon(stack, fresh):
    member_id = stack.member()
    body = {"campaign_id": "welcome-200", "member": {"member_id": member_id}, "source_id": f"src-{fresh}"}
    answer = stack.call("coupons", "ec", "POST", "/v1/issues", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def redemption(redemption_id, code, **changes):
    return {
        "redemption_id": redemption_id,
        "codes": [code],
        "channel": "pos",
        "basket": basket(),
        "order_ref": f"order-{redemption_id}",
    } | changes


def test_one_code_is_redeemed_by_one_of_many_tills(stack, coupon, fresh):
    def redeem(n):
        who = ("pos", "pos_other_store", "ec")[n % 3]
        return stack.call("coupons", who, "POST", "/v1/redemptions", redemption(f"{fresh}-{n}", coupon["code"]))

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(redeem, range(6)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"code_not_usable"}
    assert next(answer for answer in answers if answer.status_code == 201).json()["discount_total"] == 200


def test_a_till_that_times_out_asks_again_and_a_void_gives_the_coupon_back_once(stack, coupon, fresh):
    body = redemption(fresh, coupon["code"])
    checked = {name: body[name] for name in ("codes", "channel", "basket")}
    assert stack.call("coupons", "pos", "POST", "/v1/validations", checked).json()["discount_total"] == 200
    first = stack.call("coupons", "pos", "POST", "/v1/redemptions", body)
    again = stack.call("coupons", "pos", "POST", "/v1/redemptions", body)
    assert (first.status_code, again.json(), again.headers["idempotent-replayed"]) == (201, first.json(), "true")

    def void(n):
        return stack.call("coupons", "pos", "POST", f"/v1/redemptions/{fresh}/void", {"void_id": f"v{n}-{fresh}"})

    assert [void(n).json()["state"] for n in (1, 1, 2)] == ["voided"] * 3
    assert stack.call("coupons", "pos", "POST", "/v1/redemptions", body).json()["code"] == "reversed"
    anew = stack.call("coupons", "pos", "POST", "/v1/redemptions", redemption(f"{fresh}-2", coupon["code"]))
    assert anew.status_code == 201


# ---- queues and crashes ---------------------------------------------------------------------------------------------


@pytest.fixture
def aws(stack):
    """Clients of the stack's own AWS."""
    with contextlib.ExitStack() as opened:

        def client(service):
            made = boto3.client(
                service,
                endpoint_url=stack.local["aws_endpoint"],
                region_name="ap-northeast-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
            opened.callback(made.close)
            return made

        yield client


def test_a_malformed_message_is_parked_with_its_reason_and_harms_no_neighbour(stack, aws, fresh):
    sqs = aws("sqs")
    url = sqs.get_queue_url(QueueName="omo-local-points-inbox")["QueueUrl"]
    member_id = stack.member()
    entries = [{"Id": "0", "MessageBody": f'{{"broken {fresh}'}]
    sqs.send_message_batch(QueueUrl=url, Entries=entries)
    check_in(stack, member_id, fresh)
    assert eventually(lambda: stack.balance(member_id) > 0, True)

    def parked():
        found = aws("dynamodb").scan(TableName="omo-local-transient")["Items"]
        return [item["reason"]["S"] for item in found if fresh in item.get("body", {}).get("S", "")]

    assert eventually(lambda: len(parked()), 1) == 1
    assert parked()[0].startswith("JSONDecodeError")


def test_the_topic_delivers_what_was_written(stack, aws, fresh):
    """A queue of our own, beside the services': what any consumer of the topic would see."""
    sns, sqs = aws("sns"), aws("sqs")
    url = sqs.create_queue(QueueName=f"seen-{fresh}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = next(one["TopicArn"] for one in sns.list_topics()["Topics"] if one["TopicArn"].endswith("omo-local-events"))
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    member_id = stack.member()
    stack.call("points", "pos", "POST", "/v1/purchases", purchase(fresh, member_id))
    seen = set()

    def types():
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for message in answer.get("Messages", []):
            event = json.loads(message["Body"])
            if event.get("subject") == member_id:
                seen.add(event["type"])
        return {"omotenashi.member.created.v1", "omotenashi.points.earned.v1"} <= seen

    assert eventually(types, True)


def test_killed_lambda_workers_lose_nothing_and_double_nothing(stack, fresh):
    """Workers die in the middle of purchases; everyone asks again until it is answered; the balance is exact."""
    member_id = stack.member()
    total = 24

    def buy(n):
        body = purchase(f"{fresh}-{n}", member_id, occurred_at="2026-11-01T00:00:00Z")
        return stack.insist("points", "pos", "POST", "/v1/purchases", body).status_code

    def kill():
        listed = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True, check=True).stdout
        for line in listed.splitlines()[1:]:
            pid, parent = map(int, line.split())
            if parent == stack.local["pid"]:
                with contextlib.suppress(ProcessLookupError):  # it may have ended by itself since it was listed
                    os.kill(pid, signal.SIGKILL)

    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(buy, n) for n in range(total)]
        for n in range(3):
            answers[n * 6].result()
            kill()
        assert {answer.result() for answer in answers} == {201}
    assert stack.balance(member_id) == 10 * total
    assert omo("audit", "--dir", str(stack.home)).returncode == 0
