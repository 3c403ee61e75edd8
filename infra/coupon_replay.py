"""The second half of `omo replay`: real campaigns, their coupons and redemptions, then their sums by every road."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import chain
from typing import Any, Literal, TypeAlias

from tqdm import tqdm

from infra import coupon_delivery, coupon_mapping, coupon_verify, redeemed
from infra.coupon_delivery import Desk
from infra.coupon_mapping import Album
from infra.delivery import Found
from infra.lanes import side_by_side
from infra.redeemed import Key, Membership, Sum, Tables

Share: TypeAlias = Literal["few", "slice", "all", "none"]
"""Whose coupons: of the first six who redeemed any among the slice's households, of all of them, of everybody, of nobody."""
SHARES: tuple[Share, ...] = ("few", "slice", "all", "none")
FEW = 6


@dataclass(frozen=True)
class Plan:
    """What one replay of coupons sends, and what must come of it: memberships, and sums by campaign, household, day."""

    album: Album
    memberships: Collection[Membership]
    sums: Mapping[Key, Sum]
    real_discounts: int = 0


@dataclass(frozen=True)
class Report:
    """What was issued and redeemed, what was refused, and what differs from the tables. `yen` is what was taken off."""

    households: int
    campaigns: int
    memberships: int
    redemptions: int
    real_discounts: int
    held: int
    voided: int
    yen: int
    refused: list[Found]
    differences: list[Found]

    @property
    def is_right(self) -> bool:
        """Whether nothing was refused and all sums agree."""
        return not self.refused and not self.differences

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {"ok": self.is_right, **asdict(self)}

    def text(self) -> str:
        """For people; of what went wrong not more than ten."""
        wrong = [f"  refused: {each}" for each in self.refused] + [f"  differs: {each}" for each in self.differences]
        more = [f"  … and {len(wrong) - 10} more"] if len(wrong) > 10 else []
        said = f"""\
Issued {self.memberships:,} real campaign memberships to {self.households:,} households.
Ran {self.redemptions:,} real redemptions, {self.real_discounts:,} with the discount on their receipt.
Of them {self.held:,} were held and captured, {self.voided:,} voided and redeemed again.
Compared their sums with the tables by campaign, household and day: {len(self.differences):,} differ.
Together they took off {self.yen:,} yen."""
        return "\n".join([said, *wrong[:10], *more])


def households(tables: Tables, of_slice: Collection[int], share: Share) -> set[int]:
    """Whose coupons are meant. A household's coupons all go together, whatever their days."""
    if share == "none":
        return set()
    if share == "all":
        return redeemed.households(tables)
    mine = redeemed.households(tables) & set(of_slice)
    return mine if share == "slice" else set(sorted(mine & redeemed.redeemers(tables))[:FEW])


def plan(tables: Tables, wanted: Collection[int], shift_weeks: int) -> Plan:
    """The plan for some households."""
    some = redeemed.of_households(tables, wanted)
    memberships = redeemed.memberships(some)
    windows = redeemed.windows(some)
    album = coupon_mapping.album(memberships, redeemed.redemptions(some), windows, shift_weeks)
    return Plan(album, memberships, redeemed.sums(some, shift_weeks), len(redeemed.discounts(some)))


def run(plan: Plan, desk: Desk) -> Report:
    """Replay coupons with a progress bar on the error stream; `NoAnswer` where the stack stays silent for too long."""
    seconds = 0.2 if sys.stderr.isatty() else 10.0
    total = sum(count for count, _ in plan.sums.values())
    with tqdm(total=total, unit="redemptions", desc="coupons", mininterval=seconds, file=sys.stderr) as bar:
        return replay(plan, replace(desk, tick=bar.update))


def is_heard(plan: Plan, desk: Desk, *, seconds: float = 300.0) -> bool:
    """Wait until the campaigns' figures tell of all redemptions; False if they do not in that time.

    Figures come by event, and these redemptions are the last of a replay. So what the receipts have caused is over then,
    and whoever comes next need not stand behind some thousand events.
    """
    wanted = sum(count for count, _ in plan.sums.values())
    until = desk.patience.now() + seconds
    while sum(side_by_side(iter(plan.album.campaigns), lambda name: _redeemed(name, desk), desk.makers)) < wanted:
        if desk.patience.now() >= until:
            return False
        desk.patience.sleep(2.0)
    return True


def _redeemed(name: str, desk: Desk) -> int:
    answer = desk.call(desk.operator, "GET", f"/v1/campaigns/{name}/stats")
    return int(json.loads(answer.body)["redeemed"]) if answer.status == 200 else 0


def replay(plan: Plan, desk: Desk) -> Report:
    """Make the campaigns, send the coupons, then compare what the answers and the coupons say with the tables."""
    album = plan.album
    made = side_by_side(
        iter(album.campaigns.items()), lambda pair: coupon_delivery.make_campaign(*pair, desk), desk.makers
    )
    told = side_by_side(
        coupon_delivery.lanes(album.wallets.values()),
        lambda lane: coupon_delivery.deliver(lane, album.issued_at, desk),
        desk.workers,
    )
    kept = side_by_side(iter(album.wallets), lambda household: coupon_verify.listed(household, desk), desk.workers)
    answers = {name: said for each in told for name, said in each.answers.items()}
    uses = [use for wallet in album.wallets.values() for use in wallet.used]
    summed = coupon_verify.answered(album.wallets, answers)
    listed = {key: found for each in kept for key, found in each.redeemed.items()}
    wrong = chain(
        chain.from_iterable(each.unasked for each in kept),
        coupon_verify.missent(plan.memberships, [one for each in kept for one in each.sent]),
        coupon_verify.differences(plan.sums, summed, listed),
        coupon_verify.misplaced(uses, answers),
    )
    refused = [*chain.from_iterable(made), *chain.from_iterable(each.refused for each in told)]
    return Report(
        households=len(album.wallets),
        campaigns=len(album.campaigns),
        memberships=sum(len(each.sent) for each in kept),
        redemptions=len(answers),
        real_discounts=plan.real_discounts,
        held=sum(use.is_held for use in uses),
        voided=sum(use.is_voided for use in uses),
        yen=sum(yen for _, yen in listed.values()),
        refused=sorted(refused, key=str),
        differences=list(wrong),
    )
