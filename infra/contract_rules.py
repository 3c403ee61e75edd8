"""What a till must do and must not, judged by what it did: the rules of docs/api.md, each with the requests that show it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from infra.contract_record import Exchange
from infra.contract_seen import (
    REDEMPTIONS,
    UNDONE,
    Broken,
    Occasions,
    Seen,
    Try,
    Verdict,
    items,
    of_item,
    rule,
    see,
)
from infra.contract_shapes import RULES  # with those about shapes in it

__all__ = ["RULES", "judge"]

TRY_SECONDS = 5.0
PAUSES = (1.0, 2.0, 4.0, 8.0)
MARGIN_SECONDS = 0.25
"""Clocks and threads are never exact."""
AT_ONCE_SECONDS = 10.0
"""A person needs longer to press a key again, and will have read the refusal."""
SAME_SALE_SECONDS = 300.0
_RENEWED = {"occurred_at", "order_ref", "terminal_seq"}


def judge(exchanges: Sequence[Exchange]) -> list[Verdict]:
    """Every rule over all that was seen."""
    seen = see(sorted(exchanges, key=lambda one: (one.at, one.n)))
    verdicts = []
    for name, (says, one) in RULES.items():
        occasions = list(one(seen))
        verdicts.append(Verdict(name, says, len(occasions), tuple(each for each in occasions if each)))
    return verdicts


def _runs(seen: Seen) -> Iterator[tuple[Try, Try]]:
    """Each try with the next one of the same name."""
    for tries in seen.named.values():
        yield from pairwise(tries)


# ---- ids and retries ------------------------------------------------------------------------------------------------


@rule("same-id", "A try again has the id of the first: never a new id for the same thing.")
def _same_id(seen: Seen) -> Occasions:
    silent = [tries for name, tries in seen.named.items() if _is_sale(name) and not tries[-1].of.is_clear]
    for tries in silent:
        last = tries[-1]
        if any(undo.of.is_clear for undo in seen.undone.get(last.name, [])) or last.name in seen.told:
            yield None
            continue
        twin = next((one for one in seen.tries if _is_twin(last, one)), None)
        said = f"{last.id} got no answer, and the same went out again as {twin.id if twin else ''}"
        yield Broken(said, (last.of.n, twin.of.n)) if twin else None


def _is_sale(name: tuple[str, str, str]) -> bool:
    return name[1] in (*UNDONE.values(), REDEMPTIONS)


def _is_twin(first: Try, other: Try) -> bool:
    """Whether another request is the same sale under another id: the same guest or codes, and the same goods."""
    if other.route != first.route or other.id == first.id or other.of.key != first.of.key:
        return False
    if not first.of.at <= other.of.at <= first.of.until + SAME_SALE_SECONDS:
        return False
    mine, theirs = _goods(first), _goods(other)
    return mine == theirs and bool(mine.get("member") or mine.get("codes"))


def _goods(one: Try) -> dict[str, Any]:
    ids = {"purchase_id", "spend_id", "hold_id", "award_id", "redemption_id"}
    return {name: value for name, value in (one.of.body or {}).items() if name not in ids | _RENEWED}


@rule("same-content", "Under one id goes one content: the same bytes again, or another id.")
def _same_content(seen: Seen) -> Occasions:
    for first, then in _runs(seen):
        if first.of.is_no:
            continue  # a refused request may be mended
        changed = then.content != first.content
        said = f"{then.id} came again with other content"
        yield Broken(said, (first.of.n, then.of.n)) if changed else None


@rule("until-answered", "What got no answer is sent again until it has one, or is undone until that is answered.")
def _until_answered(seen: Seen) -> Occasions:
    for name, tries in seen.named.items():
        if all(one.of.is_clear for one in tries):
            continue
        undoing = seen.undone.get(name, [])
        settled = tries[-1].of.is_clear or any(one.of.is_clear for one in undoing) or name in seen.told
        said = f"{tries[-1].id} ({tries[-1].route}) was left without an answer" + (
            ", and so was its undoing" * bool(undoing)
        )
        yield None if settled else Broken(said, tuple(one.of.n for one in (*tries, *undoing)))


@rule("no-retry-of-a-no", "A refusal is not sent again by itself, unless it says that it is retryable.")
def _no_retry_of_a_no(seen: Seen) -> Occasions:
    for first, then in _runs(seen):
        if first.of.is_no:
            at_once = then.of.at - first.of.until < AT_ONCE_SECONDS and then.content == first.content
            said = f"{first.id} was refused ({first.of.status} {first.of.answer.get('code')}) and came again at once"
            yield Broken(said, (first.of.n, then.of.n)) if at_once else None


@rule("patience", "Tries are 1, 2, 4 and 8 seconds apart, and never sooner than Retry-After says.")
def _patience(seen: Seen) -> Occasions:
    for tries in seen.named.values():
        silent = 0
        for first, then in pairwise(tries):
            silent = silent + 1 if _may_pass(first.of) else 0
            if not silent:
                continue
            wanted = max(PAUSES[min(silent, len(PAUSES)) - 1], first.of.retry_after or 0.0)
            waited = then.of.at - first.of.until
            said = f"{then.id} came again after {max(waited, 0):.1f} s instead of {wanted:.0f} s"
            yield Broken(said, (first.of.n, then.of.n)) if waited < wanted - MARGIN_SECONDS else None


def _may_pass(exchange: Exchange) -> bool:
    return not exchange.is_clear or exchange.status == 429


@rule("five-seconds", "A till waits 5 seconds for an answer.")
def _five_seconds(seen: Seen) -> Occasions:
    for one in seen.exchanges:
        if one.hung_up:
            waited = one.until - one.at
            said = f"hung up after {waited:.1f} s"
            yield Broken(said, (one.n,)) if waited < TRY_SECONDS - MARGIN_SECONDS else None


@rule("new-id-after-undoing", "What was undone is closed: the sale begins anew with a new id.")
def _new_id_after_undoing(seen: Seen) -> Occasions:
    for name, undoing in seen.undone.items():
        closed = next((one for one in undoing if one.of.is_yes), None)
        if closed:
            again = next((one for one in seen.named.get(name, []) if one.of.at > closed.of.until), None)
            yield Broken(f"{name[2]} was undone, and was used again", (closed.of.n, again.of.n)) if again else None


# ---- tills without a line -------------------------------------------------------------------------------------------


@rule("whole-sync", "Items of a sync are sent until each has its outcome.")
def _whole_sync(seen: Seen) -> Occasions:
    last: dict[tuple[str, str, str], Exchange] = {}
    for exchange in seen.exchanges:
        for item in items(exchange):
            of = of_item(item)
            if of:
                last[exchange.key, *of] = exchange
    for name, exchange in last.items():
        alone = any(one.of.is_clear for one in (*seen.named.get(name, []), *seen.undone.get(name, [])))
        told = name in seen.told or alone
        yield None if told else Broken(f"{name[2]} has no outcome", (exchange.n,))


@rule("own-number", "Each thing that a till does without a line has a number of its own (terminal_seq).")
def _own_number(seen: Seen) -> Occasions:
    numbers: dict[tuple[str, Any], tuple[tuple[str, str], Exchange]] = {}
    for exchange in seen.exchanges:
        for item in items(exchange):
            of, number = of_item(item), item.get("terminal_seq")
            if of is None or number is None:
                continue
            first, where = numbers.setdefault((exchange.key, number), (of, exchange))
            said = f"number {number} stands for {first[1]} and for {of[1]}"
            yield Broken(said, (where.n, exchange.n)) if first != of else None
