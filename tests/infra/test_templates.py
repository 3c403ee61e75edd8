"""The templates that are deployed, read as data."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from coupons import alarms
from coupons.reactions import REACTIONS as COUPONS
from infra import gateway, package, roles, rollout, stack, template
from infra.locate import INFRA
from points import jobs
from shared import keys

OPEN_PATHS = {"/health", "/openapi.json"}
LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
RECEIVES = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
STREAMS = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams")
ENVIRONMENT = {"OMO_STAGE", "OMO_SERVICE", "OMO_ISSUERS", "OMO_TEST_CLOCK", "OMO_ALLOWED_ORIGIN"}


def resources(whole, kind):
    return {name: one["Properties"] for name, one in whole["Resources"].items() if one["Type"] == kind}


def functions(whole):
    return resources(whole, "AWS::Serverless::Function")


def paths(whole):
    return whole["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]


def statements(whole):
    for role in resources(whole, "AWS::IAM::Role").values():
        for policy in role["Policies"]:
            yield from policy["PolicyDocument"]["Statement"]


def event_sources(whole, kind):
    for function in functions(whole).values():
        for event in function.get("Events", {}).values():
            if event["Type"] == kind:
                yield function, event["Properties"]


def listed(value):
    return value if isinstance(value, list) else [value]


def test_every_inbox_asks_for_the_records_that_failed(whole):
    sources = list(event_sources(whole, "SQS"))
    assert sources
    assert all(source["FunctionResponseTypes"] == ["ReportBatchItemFailures"] for _, source in sources)


def test_the_relays_read_both_streams_from_the_start_and_report_nothing(templates):
    sources = [source for _, source in event_sources(templates["points"], "DynamoDB")]
    streams = {json.dumps(source["Stream"]) for source in sources}
    assert len(streams) == 2
    assert all("ledger-stream" in stream or "directory-stream" in stream for stream in streams)
    for source in sources:
        assert source["StartingPosition"] == "TRIM_HORIZON"
        assert "FunctionResponseTypes" not in source
        assert source["DestinationConfig"]["OnFailure"]["Destination"]["Fn::Sub"].endswith("omo-${Stage}-parking")


def test_an_inbox_listens_to_the_queue_of_its_service(service, whole):
    queues = {source["Queue"]["Fn::Sub"].rpartition(":")[2] for _, source in event_sources(whole, "SQS")}
    more = {"coupons": {"omo-local-codes-inbox"}, "points": {"omo-local-webhooks-inbox"}}
    assert queues == {f"omo-local-{service}-inbox"} | more.get(service, set())


def test_every_inbox_has_a_dead_letter_queue_of_its_own(data):
    queues = resources(data, "AWS::SQS::Queue")
    inboxes = {name: queue for name, queue in queues.items() if name.endswith("Inbox")}
    assert len(inboxes) == 5
    for name, queue in inboxes.items():
        redrive = queue["RedrivePolicy"]
        assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": [f"{name}Dead", "Arn"]}
        assert redrive["maxReceiveCount"] == 5
        assert queues[f"{name}Dead"]["MessageRetentionPeriod"] >= queue["MessageRetentionPeriod"]


def test_a_failed_message_rests_longer_than_its_function_may_run(data, whole):
    in_cloud = data["Parameters"]["InboxVisibilitySeconds"]
    for function, _ in event_sources(whole, "SQS"):
        assert in_cloud["Default"] >= 6 * function["Timeout"]
        assert stack.INBOX_VISIBILITY_SECONDS >= in_cloud["MinValue"] >= function["Timeout"]


def test_each_queue_gets_what_its_service_listens_to(data):
    wanted = {
        name: subscription["FilterPolicy"]["type"]
        for name, subscription in resources(data, "AWS::SNS::Subscription").items()
        if subscription["RawMessageDelivery"]
    }
    assert wanted == {
        "PointsSubscription": [
            "omotenashi.checkin.accepted.v1",
            "omotenashi.coupon.redeemed.v1",
            "omotenashi.coupon.reserved.v1",
            "omotenashi.coupon.voided.v1",
            "omotenashi.purchase.recorded.v1",
        ],
        "CouponsSubscription": sorted(COUPONS),
        "CheckinSubscription": [
            "omotenashi.checkin.accepted.v1",
            "omotenashi.checkin.anomaly.v1",
            "omotenashi.checkin.flagged.v1",
            "omotenashi.checkin.limited.v1",
            "omotenashi.member.erased.v1",
            "omotenashi.member.merged.v1",
            "omotenashi.member.unmerged.v1",
        ],
        "WebhooksSubscription": [{"prefix": "omotenashi."}],
    }


def test_a_step_of_a_job_has_a_processor_and_its_message_to_itself(templates):
    sources = {
        source["Queue"]["Fn::Sub"]: found
        for found in event_sources(templates["coupons"], "SQS")
        for source in found[1:]
    }
    function, source = next(found for queue, found in sources.items() if queue.endswith("-codes-inbox"))
    assert (function["MemorySize"], source["BatchSize"]) == (1769, 1)


def test_files_of_codes_are_sealed_private_and_gone_after_a_day(data):
    (bucket,) = resources(data, "AWS::S3::Bucket").values()
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    rules = bucket["LifecycleConfiguration"]["Rules"]
    assert {rule["Status"] for rule in rules} == {"Enabled"}
    goes = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule}
    reports = {"Ref": "ReportDays"}
    assert goes == {"codes/": 1, "reports/": reports}
    files = (keys.codes_file("j"), keys.codes_piece("j", 0), keys.report_file("activity", "2026-11", "r"))
    assert [[days for prefix, days in goes.items() if file.startswith(prefix)] for file in files] == [
        [1],
        [1],
        [reports],
    ]
    assert "VersioningConfiguration" not in bucket  # a file that goes must be gone


def test_files_of_codes_are_fetched_over_tls_only(data):
    (policy,) = resources(data, "AWS::S3::BucketPolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert len(statement["Resource"]) == 2


def test_only_coupons_may_touch_files_and_only_those_of_codes(templates):
    for service, whole in templates.items():
        said = {action: listed(one["Resource"]) for one in statements(whole) for action in listed(one["Action"])}
        touched = {action: places for action, places in said.items() if action.startswith("s3:")}
        assert set(touched) == ({"s3:PutObject", "s3:GetObject", "s3:ListBucket"} if service == "coupons" else set())
        for action in set(touched) - {"s3:ListBucket"}:
            (place,) = touched[action]
            assert place["Fn::Sub"].endswith(":::omo-${Stage}-files-${AWS::AccountId}/codes/*")


def test_only_the_topic_may_send_from_outside(data):
    (policy,) = resources(data, "AWS::SQS::QueuePolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Ref": "Events"}}}


def test_the_books_can_not_be_deleted_by_a_stack_operation(data):
    for name in ("Ledger", "Directory", "Root"):
        assert data["Resources"][name]["DeletionPolicy"] == "Retain"
        assert data["Resources"][name]["UpdateReplacePolicy"] == "Retain"


def test_the_books_are_encrypted_kept_against_slips_and_go_back_to_any_second(data):
    for name, table in resources(data, "AWS::DynamoDB::Table").items():
        assert table["SSESpecification"] == {"Fn::If": ["IsCloud", {"SSEEnabled": True}, {"Ref": "AWS::NoValue"}]}
        kept = name != "Transient"
        is_cloud = {"Fn::If": ["IsCloud", True, False]}
        assert table.get("DeletionProtectionEnabled") == (is_cloud if kept else None)
        recovers = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": {"Ref": "BackupDays"}}
        not_at_all = {"PointInTimeRecoveryEnabled": False}
        wanted = {"Fn::If": ["IsCloud", recovers, not_at_all]} if kept else not_at_all
        assert table["PointInTimeRecoverySpecification"] == wanted
    assert data["Conditions"]["IsCloud"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "Stage"}, "local"]}]}


def test_queues_are_encrypted_and_keep_a_message_for_two_weeks(data):
    for name, queue in resources(data, "AWS::SQS::Queue").items():
        assert (queue["SqsManagedSseEnabled"], queue["MessageRetentionPeriod"]) == (True, 1209600), name


def test_logs_of_every_function_end(whole):
    logs = resources(whole, "AWS::Logs::LogGroup")
    assert set(logs) == {f"{name}Logs" for name in functions(whole)}
    for name, function in functions(whole).items():
        assert logs[f"{name}Logs"]["RetentionInDays"] == {"Ref": "LogDays"}
        assert logs[f"{name}Logs"]["LogGroupName"]["Fn::Sub"] == f"/aws/lambda/{function['FunctionName']['Fn::Sub']}"
    assert min(whole["Parameters"]["LogDays"]["AllowedValues"]) > 0


def test_backups_and_reports_end_when_the_stage_says(data):
    said = {name: data["Parameters"][name] for name in ("BackupDays", "ReportDays")}
    bounds = {name: (one["MinValue"], one["Default"], one["MaxValue"]) for name, one in said.items()}
    assert bounds == {"BackupDays": (1, 35, 35), "ReportDays": (1, 731, 3660)}
    assert set(said) <= set(rollout.OPERATORS), "else the next deployment takes it back"


def test_the_domain_speaks_no_old_tls():
    (domain,) = resources(template.load(INFRA / "edge.yaml"), "AWS::ApiGateway::DomainName").values()
    assert domain["SecurityPolicy"] == "TLS_1_2"


def test_nothing_in_the_ledger_or_directory_has_a_time_to_live(data):
    tables = resources(data, "AWS::DynamoDB::Table")
    assert {name for name, table in tables.items() if "TimeToLiveSpecification" in table} == {"Transient"}


def test_a_role_names_what_it_may_touch(whole):
    for statement in statements(whole):
        for resource in listed(statement["Resource"]):
            named = resource.get("Fn::Sub") or resource["Fn::ImportValue"]["Fn::Sub"]
            assert "omo-${Stage}-" in named
            ends = re.search(r"[^*]*\*", named)
            assert ends is None or named.endswith((":*", "/codes/*", "/stream/*", "-attestation*")), (
                "a part of one thing, not many things"
            )
        assert not any("*" in action for action in listed(statement["Action"]))


def test_no_service_may_change_or_delete_an_entry(whole):
    for statement in statements(whole):
        if any("ledger" in json.dumps(resource) for resource in listed(statement["Resource"])):
            assert not {"dynamodb:UpdateItem", "dynamodb:DeleteItem"} & set(statement["Action"])


def test_every_function_has_a_role_of_its_own(service, whole):
    assert set(functions(whole)) == set(package.FUNCTIONS[service]) == set(template.load(roles.GRANTS)[service])
    roles_of = {name: function["Role"] for name, function in functions(whole).items()}
    assert roles_of == {name: {"Fn::GetAtt": [f"{name}Role", "Arn"]} for name in functions(whole)}
    assert set(resources(whole, "AWS::IAM::Role")) == {f"{name}Role" for name in functions(whole)}
    assert all(function["MemorySize"] >= 512 for function in functions(whole).values())


def test_a_role_is_for_lambda_alone(whole):
    for role in resources(whole, "AWS::IAM::Role").values():
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
        assert not role.get("ManagedPolicyArns")


def by_lambda(name, function):
    """What Lambda does in a function's name before and after it calls the function, by what the template makes it do."""
    yield from ((action, f"/aws/lambda/{function['FunctionName']['Fn::Sub']}:*") for action in LOGS)
    for source in function.get("Events", {}).values():
        said = source["Properties"]
        if source["Type"] == "SQS":
            queue = said["Queue"]["Fn::Sub"].rpartition(":")[2].replace("omo-local-", "omo-${Stage}-")
            yield from ((action, queue) for action in RECEIVES)
        if source["Type"] == "DynamoDB":
            table = said["Stream"]["Fn::ImportValue"]["Fn::Sub"].removesuffix("-stream")
            yield from ((action, f"table/{table}/stream/*") for action in STREAMS)
        if "DestinationConfig" in said:
            yield "sqs:SendMessage", said["DestinationConfig"]["OnFailure"]["Destination"]["Fn::Sub"].rpartition(":")[2]
    if "EventInvokeConfig" in function:
        failed = function["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
        yield "sqs:SendMessage", failed["Destination"]["Fn::Sub"].rpartition(":")[2]


def test_what_lambda_does_in_a_functions_name_is_granted_and_only_that(service, whole):
    """The other grants are what the functions' own code is seen to call: tests/security/test_grants.py."""
    for name, function in functions(whole).items():
        role = resources(whole, "AWS::IAM::Role")[f"{name}Role"]
        said = {
            (action, resource["Fn::Sub"].partition("${AWS::AccountId}:")[2].removeprefix("log-group:"))
            for policy in role["Policies"]
            for statement in policy["PolicyDocument"]["Statement"]
            for action in statement["Action"]
            for resource in statement["Resource"]
            if "Fn::Sub" in resource
        }
        needed = set(by_lambda(name, function))
        assert needed <= said, name
        grant = template.load(roles.GRANTS)[service][name]
        looked_at = {("sqs:GetQueueAttributes", f"omo-${{Stage}}-{queue}") for queue in grant.get("look", ())}
        assert {one for one in said if one[0] in (*LOGS, *RECEIVES, *STREAMS)} - looked_at <= needed, name


def test_every_handler_that_lambda_is_told_of_is_there(service, whole):
    app = importlib.import_module(f"services.{service}.app")
    for name, function in functions(whole).items():
        module, _, attribute = function["Handler"].partition(".")
        assert module == "app"
        assert callable(getattr(app, attribute, None)), name


@pytest.mark.parametrize(("service", "seconds"), [("points", jobs.BUDGET_SECONDS), ("coupons", alarms.BUDGET_SECONDS)])
def test_the_hourly_jobs_leave_in_time_and_are_not_repeated_but_reported(templates, service, seconds):
    ((function, source),) = event_sources(templates[service], "Schedule")
    assert source["Schedule"] == "cron(10 * * * ? *)"
    assert function["Timeout"] >= seconds + 60
    assert function["EventInvokeConfig"]["MaximumRetryAttempts"] == 0
    reported = function["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
    assert (reported["Type"], reported["Destination"]["Fn::Sub"].rpartition(":")[2]) == ("SQS", "omo-${Stage}-parking")


def test_a_table_is_read_through_where_nothing_else_would_do(templates):
    """The report and a trial of rules go through the members; who sets the programme looks if anything was recorded."""
    assert {
        (service, name, resource["Fn::Sub"].rpartition("-")[2])
        for service, whole in templates.items()
        for name, role in resources(whole, "AWS::IAM::Role").items()
        for statement in role["Policies"][0]["PolicyDocument"]["Statement"]
        for resource in statement["Resource"]
        if "dynamodb:Scan" in statement["Action"]
    } == {
        ("points", "HourlyRole", "directory"),
        ("points", "APIHandlerRole", "directory"),
        ("points", "APIHandlerRole", "ledger"),
    }


def test_an_answer_comes_within_the_gateways_patience(whole):
    assert functions(whole)["APIHandler"]["Timeout"] <= 29


def test_no_secret_stands_in_a_template(whole):
    known = set(whole["Globals"]["Function"]["Environment"]["Variables"])
    for function in functions(whole).values():
        known |= set(function["Environment"]["Variables"])
    assert known == ENVIRONMENT
    assert not re.search(r"omo_[a-z]+_[A-Za-z0-9]+_|AKIA[0-9A-Z]{16}|BEGIN [A-Z ]*PRIVATE KEY", template.dump(whole))


def test_the_test_clock_is_off_unless_it_is_asked_for(whole):
    assert whole["Parameters"]["TestClock"]["Default"] == "0"


def test_a_browser_may_read_every_answer_of_the_gateway_from_the_stages_own_origin(whole):
    assert whole["Parameters"]["AllowedOrigin"]["Default"] == "*"
    environment = whole["Globals"]["Function"]["Environment"]["Variables"]
    assert environment["OMO_ALLOWED_ORIGIN"] == {"Ref": "AllowedOrigin"}
    api = whole["Resources"]["RestAPI"]["Properties"]
    said = [answer["ResponseParameters"]["Headers"] for answer in api["GatewayResponses"].values()]
    preflights = gateway.preflights(api["DefinitionBody"])
    assert set(preflights) == set(paths(whole))
    said += [
        {name.removeprefix(gateway.PREFLIGHT_HEADER): value for name, value in headers.items()}
        for headers in preflights.values()
    ]
    assert all(one["Access-Control-Allow-Origin"] == {"Fn::Sub": "'${AllowedOrigin}'"} for one in said)
    assert not any("Access-Control-Allow-Credentials" in one for one in said), "any origin, and cookies with it"


@pytest.mark.parametrize(
    ("origin", "is_taken"),
    [
        ("*", True),
        ("https://console.example", True),
        ("http://127.0.0.1:4568", True),
        ("https://console.example/", False),
        ("https://a.example,https://b.example", False),
        ("' + 'x", False),
        ("", False),
    ],
)
def test_an_allowed_origin_is_one_or_any(templates, origin, is_taken):
    pattern = templates["points"]["Parameters"]["AllowedOrigin"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, origin)) == is_taken


def test_every_address_but_the_open_ones_asks_for_a_token(whole):
    for path, item in paths(whole).items():
        for method in gateway.METHODS:
            assert bool(item[method].get("security")) == (path not in OPEN_PATHS), (method, path)


def test_every_known_address_takes_every_method_so_that_the_app_can_refuse_it(whole):
    for item in paths(whole).values():
        assert set(gateway.METHODS) <= set(item)


def test_a_path_variable_has_one_name_at_its_place(whole):
    names: dict[str, str] = {}
    for path in paths(whole):
        parts = path.split("/")
        for depth, part in enumerate(parts):
            if part.startswith("{"):
                place = "/".join(parts[:depth])
                assert names.setdefault(place, part) == part, path


def test_the_gateway_answers_in_the_shape_of_the_services(whole):
    answers = whole["Resources"]["RestAPI"]["Properties"]["GatewayResponses"]
    for kind, answer in answers.items():
        problem = json.loads(answer["ResponseTemplates"]["application/json"])
        assert problem["status"] == answer["StatusCode"], kind
        assert set(problem) == {"type", "title", "status", "detail", "code", "retryable", "request_id"}
        headers = answer["ResponseParameters"]["Headers"]
        assert headers["Content-Type"] == "'application/problem+json'"
        assert {"X-Request-Id", "Access-Control-Allow-Origin"} <= set(headers)
        assert ("Retry-After" in headers) == (answer["StatusCode"] in (429, 503))


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("UNAUTHORIZED", 401, "unauthenticated"),
        ("ACCESS_DENIED", 403, "forbidden"),
        ("MISSING_AUTHENTICATION_TOKEN", 404, "route_not_found"),
        ("REQUEST_TOO_LARGE", 413, "body_too_large"),
        ("UNSUPPORTED_MEDIA_TYPE", 415, "unsupported_media_type"),
        ("THROTTLED", 429, "too_many_requests"),
        ("INTEGRATION_TIMEOUT", 503, "temporarily_unavailable"),
    ],
)
def test_the_gateway_uses_the_codes_of_the_contract(kind, status, code):
    answer = gateway.ANSWERS[kind]
    assert (answer.status, answer.code) == (status, code)


@pytest.mark.slow
def test_cfn_lint_finds_nothing(packages):
    linted = [str(INFRA / "data.yaml"), str(INFRA / "edge.yaml"), *(str(made.template) for made in packages.values())]
    linter = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run(
        [linter, "--regions", "ap-northeast-1", "--", *linted], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
