"""Where everything lies: table, queue and topic names, and the keys of every item. They are spelled only here.

Ledger keys are `(text, number)`, those of the other two tables `(text, text)`.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import date

SERVICES = ("points", "coupons", "checkin")
INBOXES = (*SERVICES, "codes", "webhooks")
"""What has an inbox, and a queue of dead letters beside it."""
SHOP = "shop"
"""Whose the ids of the shop itself are: of its web shop, its tills and its operators together."""

Key = tuple[str, int] | tuple[str, str]


@dataclass(frozen=True)
class Stage:
    """The names of one deployment's resources."""

    name: str

    @property
    def ledger(self) -> str:
        return f"omo-{self.name}-ledger"

    @property
    def directory(self) -> str:
        return f"omo-{self.name}-directory"

    @property
    def transient(self) -> str:
        return f"omo-{self.name}-transient"

    @property
    def topic(self) -> str:
        return f"omo-{self.name}-events"

    @property
    def root_secret(self) -> str:
        return f"omo-{self.name}-root"

    @property
    def attestation_secret(self) -> str:
        """What the shop's apps prove themselves by; made by the operator, if at all."""
        return f"omo-{self.name}-attestation"

    @property
    def parking(self) -> str:
        return f"omo-{self.name}-parking"

    def inbox(self, service: str) -> str:
        return f"omo-{self.name}-{service}-inbox"

    def dead(self, service: str) -> str:
        """The queue that takes what was received from an inbox too often, and in vain."""
        return f"{self.inbox(service)}-dead"

    def short(self, queue: str) -> str:
        """What a queue is called within its stage: `points-inbox`."""
        return queue.removeprefix(f"omo-{self.name}-")

    def files(self, account_id: str) -> str:
        """The bucket of the files that jobs make: its name must be free in the whole world, so it has the account's."""
        return f"omo-{self.name}-files-{account_id}"


def stage() -> Stage:
    """The stage that this process runs in."""
    return Stage(os.environ.get("OMO_STAGE", "local"))


# ---- ledger: chains -------------------------------------------------------------------------------------------------

MEMBER_POINTS = "M"
PARTNER_BUDGET = "P"
COUPON_BOOK = "B"
CODE = "C"
POOL = "L"
VISITS = "V"
DEVICE, APPROACHES, TRAFFIC = "D", "A", "G"  # by a keyed hash, by member, by store (guests)
FIGURES = "S"
EXPOSURES, STORE_DAYS = "E", "Y"  # what is measured of a campaign: by member, by day and store
TERMINAL = "R"
PURCHASE = "N"  # behind its name, in the name's partition


def account(letter: str, name: str) -> str:
    """The partition of a chain: its letter and whose it is."""
    return f"{letter}#{name}"


def holder(partition: str) -> str:
    """Whose chain a partition is: the part behind its letter."""
    return partition.split("#", 1)[1]


# ---- ledger: names --------------------------------------------------------------------------------------------------

NAME_PREFIX = "N#"


def name(kind: str, owner: str, client_id: str) -> str:
    """The partition of a name; number 0 in it is the name itself."""
    return f"{NAME_PREFIX}{kind}#{owner}#{client_id}"


def kind_of(partition: str) -> str:
    """The kind of a name."""
    return partition.removeprefix(NAME_PREFIX).partition("#")[0]


def code(locator: int, index: int) -> str:
    """The holder of a code's chain: of one that was made in bulk, its place."""
    return f"{locator:05d}.{index:010x}"


def shared_use(locator: int, mark: bytes) -> str:
    """The holder of one redemption's chain of a code that many share: each use stands for itself."""
    return f"{locator:05d}.{mark.hex()}"


def foreign(digest: str) -> str:
    """The holder of a foreign code's chain, known by the code's keyed hash alone."""
    return f"foreign.{digest}"


def limit(campaign_id: str, *of: str) -> str:
    """The holder of one of a campaign's limits: none, the number of its coupons; `budget`; a store and a day."""
    return "#".join((campaign_id, *of))


def codes(job_id: str) -> str:
    return name("codes", SHOP, job_id)


FIGURES_SHARDS = 8


def figures(campaign_id: str, shard: int) -> str:
    """The holder of one of the chains in which a campaign's figures are counted: none takes more than 20 writes/s."""
    return f"{campaign_id}#{shard}"


def store_days(campaign_id: str, day: str, of: str) -> str:
    """The holder of the chain in which a day of a campaign at a store is counted; of no store, by what was heard."""
    shard = hashlib.sha256(of.encode()).digest()[0] % FIGURES_SHARDS
    return store_days_of(campaign_id, day, shard)


def store_days_of(campaign_id: str, day: str, shard: int) -> str:
    """The holder of one of the chains in which a day of a campaign is counted: each of an eighth of the stores."""
    return f"{campaign_id}#{day}#{shard}"


def terminal(store_id: str, terminal_id: str) -> str:
    """The holder of a till's chain: terminals are told apart within their store."""
    return f"{store_id}#{terminal_id}"


def terminal_of(partition: str) -> tuple[str, str]:
    """Whose a till's chain is: its store and the till."""
    store_id, _, terminal_id = holder(partition).partition("#")
    return store_id, terminal_id


def redemption(redemption_id: str) -> str:
    """The name of a redemption: all who redeem belong to the shop."""
    return name("redemption", SHOP, redemption_id)


def purchase(source: str, purchase_id: str) -> str:
    """The name of a purchase of the shop's."""
    return name(f"purchase.{source}", SHOP, purchase_id)


def issue(locator: int, index: int) -> str:
    """The name of an issue lies at its coupon's place, so that a code leads to it."""
    return name("issue", f"{locator:05d}", f"{index:010x}")


# ---- directory ------------------------------------------------------------------------------------------------------


def member(member_id: str) -> tuple[str, str]:
    return f"member#{member_id}", "member"


def identity(kind: str, digest: str) -> tuple[str, str]:
    return f"identity#{kind}#{digest}", "identity"


def leaving(at_ms: int, member_id: str) -> tuple[str, str]:
    """That a member is to be erased, in the order of the times."""
    return "leaving", f"{at_ms:013d}#{member_id}"


def unentered(account: str, name: str) -> tuple[str, str]:
    """A name with words that was not in its member's account when it was looked at, and may never be."""
    return f"unentered#{account}", name


def programme() -> tuple[str, str]:
    return "programme", "current"


def programme_version(version: int) -> tuple[str, str]:
    return "programme", f"v{version:05d}"


def partner(partner_id: str) -> tuple[str, str]:
    return "partner", partner_id


def liability(day: date) -> tuple[str, str]:
    """Reports have a partition of their own, newest last."""
    return "report#liability", day.isoformat()


def audit() -> tuple[str, str]:
    """What the last audit of all books found."""
    return "report#audit", "last"


def api_key(key_id: str) -> tuple[str, str]:
    return "key", key_id


def first_key() -> tuple[str, str]:
    """That a stage's first key has been made."""
    return "first", "operator"


def webhook(webhook_id: str) -> tuple[str, str]:
    return "webhook", webhook_id


def campaign(campaign_id: str) -> tuple[str, str]:
    return "campaign", campaign_id


def stamp_programme(programme_id: str) -> tuple[str, str]:
    return "stamp_programme", programme_id


def terms(campaign_id: str, edition: int) -> tuple[str, str]:
    """The terms of a campaign's coupons; an edition never changes."""
    return f"terms#{campaign_id}", f"{edition:05d}"


def locator(number: int) -> tuple[str, str]:
    return "locator", f"{number:05d}"


def store(store_id: str) -> tuple[str, str]:
    return f"store#{store_id}", "store"


def listed_store(store_id: str) -> tuple[str, str]:
    """Where a store stands in the list of all, in the order of their ids."""
    return "stores", store_id


def review(review_id: str) -> tuple[str, str]:
    return "review", review_id


def review_at(store_id: str, review_id: str) -> tuple[str, str]:
    """The same, among those of one store."""
    return f"review#{store_id}", review_id


def alert(alert_id: str) -> tuple[str, str]:
    """Alerts are for good, in the order of their days."""
    return "alert", alert_id


def open_alert(alert_id: str) -> tuple[str, str]:
    """Where an alert is found for as long as it is open."""
    return "alert#open", alert_id


def guarded(store_id: str) -> tuple[str, str]:
    """Which of a store's tills are paused, and whose points wait there."""
    return f"guarded#{store_id}", "guarded"


def staff(staff_id: str) -> tuple[str, str]:
    return "staff", staff_id


def cell(name: str, store_id: str) -> tuple[str, str]:
    return f"cell#{name}", store_id


# ---- transient ------------------------------------------------------------------------------------------------------


def parked(queue: str, message_id: str) -> tuple[str, str]:
    return f"parked#{queue}", message_id


def code_step(member_id: str, step: int) -> tuple[str, str]:
    return f"code_step#{member_id}", str(step)


def key_used(table_id: str) -> tuple[str, str]:
    """On which day a key was last used; in the order of the keys themselves."""
    return "key_used", table_id


def guesses(digest: str) -> tuple[str, str]:
    """Where somebody's last failures are noted, under a keyed hash: no address lies in a table."""
    return f"guesses#{digest}", "failures"


def challenge(member_id: str, challenge_id: str) -> tuple[str, str]:
    return f"challenge#{member_id}", challenge_id


def sales(store_id: str, day: date) -> str:
    """The partition of what a store's tills have sold, by the date in UTC."""
    return f"sales#{store_id}#{day.isoformat()}"


def sale(at_ms: int, purchase_id: str = "", *, is_undone: bool = False) -> str:
    """The place of a sale, by its time; that it was undone is a place of its own behind it."""
    return f"{at_ms:013d}#{purchase_id}" + ("#undone" if is_undone else "")


def tally(store_id: str, terminal_id: str, day: date, member_id: str) -> tuple[str, str]:
    """What a member has bought at a till on a business day."""
    return f"tally#{store_id}#{day.isoformat()}#{terminal_id}", member_id


def past(store_id: str, day: date) -> tuple[str, str]:
    """What a store's sales were like in the days before a business day."""
    return f"past#{store_id}", day.isoformat()


def deliveries(webhook_id: str) -> str:
    """The partition of what is sent to an endpoint."""
    return f"deliveries#{webhook_id}"


def rest(webhook_id: str) -> tuple[str, str]:
    """Until when an endpoint that gives no answer is left alone."""
    return "rest", webhook_id


def delivery(at_ms: int, message_id: str) -> str:
    """The place of a delivery: the newest event is the first."""
    return f"{10**13 - at_ms:014d}#{message_id}"


def line(webhook_id: str, began_ms: int, partition: str, sequence: int, message_id: str) -> tuple[str, str]:
    """The place of a delivery among those of its partition that wait for an endpoint since it became active."""
    return f"line#{webhook_id}#{began_ms}#{partition}", f"{sequence:016d}#{message_id}"


ALARM_SHARDS = 16


def alarms(letter: str, day: int, shard: int) -> str:
    """The partition of the accounts of a kind to look at on a day (ordinal of the programme's zone), one of sixteen."""
    return f"alarm#{letter}#{date.fromordinal(day).isoformat()}#{shard:02d}"


def alarm(account: str, day: int) -> tuple[str, str]:
    """Where an account is asked for, under its holder: the account's own service looks there."""
    whose = holder(account)
    return alarms(account[0], day, hashlib.sha256(whose.encode()).digest()[0] % ALARM_SHARDS), whose


def day_of_alarms(letter: str, partition: str) -> int | None:
    """The day that a partition of alarms of a kind of account stands for; None for any other partition."""
    start = f"alarm#{letter}#"
    if not partition.startswith(start):
        return None
    return date.fromisoformat(partition.removeprefix(start).partition("#")[0]).toordinal()


def job(name: str) -> tuple[str, str]:
    """How far a job has come."""
    return "job", name


def alarm_job(letter: str) -> tuple[str, str]:
    return job(f"alarms#{letter}")


def codes_job(job_id: str) -> tuple[str, str]:
    return f"codes#{job_id}", "file"


# ---- files ----------------------------------------------------------------------------------------------------------


def codes_file(job_id: str) -> str:
    """The whole file of a codes job."""
    return f"codes/{job_id}/codes.csv"


def codes_piece(job_id: str, done: int) -> str:
    """A part of it: the codes from this one of the job on."""
    return f"codes/{job_id}/{done:08d}"


def report_file(kind: str, month: str, name: str) -> str:
    """A report for other tools: partitions of kind and month, as Athena reads them from the address."""
    return f"reports/kind={kind}/month={month}/{name}.jsonl.gz"
