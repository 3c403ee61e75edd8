"""`omo deploy`, `omo destroy` and `omo keys first`: a stage on AWS, with each change shown and agreed to."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from infra import reach, rollout, seed
from infra.commands import Failed, Result, Say, stage_name
from infra.commands_codes import Arguments
from infra.deploy import Cloud
from infra.locate import SERVICES, Home
from infra.rollout import Rollout

_LOG_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 180, 365, 400, 545, 731)


def origin(text: str) -> str:
    """`*`, or one origin as a browser names it: no path, no slash at the end; ValueError for anything else."""
    if not re.fullmatch(r"\*|https?://[a-z0-9.-]+(:[0-9]{1,5})?", text):
        raise ValueError(text)
    return text


def backup_days(text: str) -> int:
    """How far back the books can be restored; AWS keeps no more than 35 days."""
    return _days(text, 35)


def report_days(text: str) -> int:
    """How long report files are kept; ten years at most."""
    return _days(text, 3660)


def _days(text: str, most: int) -> int:
    days = int(text)
    if not 1 <= days <= most:
        raise ValueError(text)
    return days


_WHERE: Arguments = [
    (("--stage",), {"required": True, "type": stage_name, "metavar": "S", "help": "like dev, staging, live"}),
    reach.ENDPOINT,
]
DEPLOY: Arguments = [
    *_WHERE,
    (("--dry-run",), {"action": "store_true", "help": "show what would change, and change nothing"}),
    (("--yes",), {"action": "store_true", "help": "do not ask; for machines"}),
    (
        ("--issuers",),
        {"type": Path, "metavar": "FILE", "help": "JSON: whose member tokens are good (docs/deploying.md)"},
    ),
    (("--alarm-mail",), {"metavar": "ADDRESS", "help": "who is written to when an alarm goes off (at first: nobody)"}),
    (
        ("--log-days",),
        {"type": int, "choices": _LOG_DAYS, "metavar": "N", "help": "how long logs are kept (at first: 30)"},
    ),
    (
        ("--backup-days",),
        {"type": backup_days, "metavar": "N", "help": "how far back the books can be restored, 1 to 35 (at first: 35)"},
    ),
    (
        ("--report-days",),
        {"type": report_days, "metavar": "N", "help": "how long report files are kept, 1 to 3660 (at first: 731)"},
    ),
    (
        ("--api-concurrency",),
        {"type": int, "metavar": "N", "help": "requests at once kept free for each service (at first 0: none)"},
    ),
    (
        ("--allowed-origin",),
        {"type": origin, "metavar": "URL", "help": "whose pages may read answers (at first *: any)"},
    ),
    (("--domain",), {"metavar": "NAME", "help": "the API's own domain, with --certificate"}),
    (("--certificate",), {"metavar": "ARN", "help": "ACM's certificate of the domain"}),
]
DESTROY: Arguments = [
    *_WHERE,
    (("--yes",), {"action": "store_true", "help": "do not ask whether the services shall go"}),
    (("--data",), {"action": "store_true", "help": "the tables, the books and the root secret, too"}),
    (
        ("--books-of",),
        {"metavar": "S", "help": "say the stage once more: without it no data are deleted, whatever --yes says"},
    ),
]
FIRST: Arguments = _WHERE


def deploy(asked: argparse.Namespace, _home: Home, say: Say) -> Result:
    """Bring a stage to what this project is now."""
    if bool(asked.domain) != bool(asked.certificate):
        raise Failed("--domain and --certificate go together.")
    cloud = _cloud(asked)
    said = {
        "Issuers": _issuers(asked.issuers) if asked.issuers else None,
        "AlarmMail": asked.alarm_mail,
        "LogDays": asked.log_days,
        "BackupDays": asked.backup_days,
        "ReportDays": asked.report_days,
        "ApiConcurrency": asked.api_concurrency,
        "AllowedOrigin": asked.allowed_origin,
        "DomainName": asked.domain,
        "CertificateArn": asked.certificate,
    }
    run = Rollout(cloud, {name: str(value) for name, value in said.items() if value is not None}, say)
    ended = run.run(lambda _: asked.yes or _agrees("Make these changes?"), is_dry=asked.dry_run)
    addresses = _addresses(cloud) if ended.is_whole and not asked.dry_run else {}
    changes = [one._asdict() for changes in ended.changes.values() for one in changes]
    words = (
        "Nothing was changed." if asked.dry_run else "Deployed." if ended.is_whole else "Stopped before these changes."
    )
    lines = [f"  {service:<10}{address}" for service, address in addresses.items()]
    value = {"changes": changes, "is_whole": ended.is_whole, "addresses": addresses}
    return Result(value, "\n".join([words, *lines]), 0 if ended.is_whole else 1)


def destroy(asked: argparse.Namespace, _home: Home, say: Say) -> Result:
    """Take a stage away: its services, and only if told twice its data."""
    if asked.data and asked.books_of != asked.stage:
        raise Failed(f"The books would be gone for good. If that is meant, add --books-of {asked.stage}.")
    if asked.books_of and not asked.data:
        raise Failed("--books-of is for --data only.")
    what = "the services AND ALL DATA" if asked.data else "the services (the data stay)"
    if not (asked.yes or _agrees(f"Delete {what} of {asked.stage}?")):
        return Result({"deleted": []}, "Nothing was deleted.", 1)
    gone = rollout.destroy(_cloud(asked), say, with_data=asked.data)
    return Result({"deleted": gone}, f"Deleted: {', '.join(gone)}." if gone else "There was nothing to delete.")


def first_key(asked: argparse.Namespace, _home: Home, _say: Say) -> Result:
    """Make a new stage's first operator key, which makes all others; told once, and never a second time."""
    secret = seed.first_operator(_cloud(asked), asked.stage)
    if secret is None:
        raise Failed("The stage has its first key: with it, further ones are made (`POST /v1/keys`).")
    return Result({"key_id": seed.FIRST, "secret": secret}, secret)


def _cloud(asked: argparse.Namespace) -> Cloud:
    if asked.stage == "local":
        raise Failed("The stage `local` belongs to `omo up` and `omo down`.")
    return Cloud(asked.stage, asked.endpoint)


def _issuers(path: Path) -> str:
    try:
        return rollout.read_issuers(path.read_text())
    except FileNotFoundError:
        raise Failed(f"There is no file {path}.") from None
    except ValueError as wrong:
        raise Failed(f"{path}: {wrong}.") from None


def _addresses(cloud: Cloud) -> dict[str, str]:
    return {service: url for service in SERVICES if (url := cloud.address(service))}


def _agrees(question: str) -> bool:
    if not sys.stdin.isatty():
        return False
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
