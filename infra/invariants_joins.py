"""What must fit together of all that chains say about one operation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from infra.invariants_facts import Fact


def named(account: str, number: int) -> str:
    """How a fault names an entry."""
    return f"{account} entry {number}"


def faults_of(facts: list[Fact], due: int) -> Iterator[str]:
    """What is wrong with the facts about one operation. Most are a purchase's name and its one entry."""
    if _is_done(facts):
        return
    told: dict[str, list[Fact]] = defaultdict(list)
    for what, *fact in facts:
        told[what].append(tuple(fact))
    for name, at in told["name"]:
        if at < due and not told["did"]:
            yield f"{name}: no account has it"
    yield from _faults_of_deciding(told, due)
    yield from _faults_of_giving(told, due)
    yield from _faults_of_claiming(told, due)
    yield from _faults_of_bonus(told, due)
    for where, at, points in told["reward"]:
        if at < due and not told["coming"]:
            yield f"{where}: no account has its {points} points"
        elif any(came > points for _, _, came in told["coming"]):
            yield f"{where}: {told['coming'][0][0]} got more points for it"
    if len(told["filled"]) != len(told["placed"]):
        (where, *_), *_ = told["filled"] + told["placed"]
        yield f"{where}: a full card's coupon and its name are not one each"
    yield from _faults_of_losing(told, due)
    if told["coming"] and not told["reward"]:
        yield f"{told['coming'][0][0]}: points for no check-in"
    yield from _faults_of_counting(told, due)


def _faults_of_counting(told: Mapping[str, list[Fact]], due: int) -> Iterator[str]:
    """What has happened to a coupon stands once in the figures of its campaign, with the same discount.

    So does what counts for a campaign that is measured, there and in a day at a store, with the same amount. A guest is
    counted at a store once, and for a check-in.
    """
    if len(told["tallied"]) > len(told["guest"]):
        yield f"{told['tallied'][-1][0]}: a guest is counted for no check-in"
    counts = told["counts"]
    yield from _faults_of_a_tally(counts, told["counted"], due, at_most=len(counts), by="figures")
    # A redemption counts there as well, but only if its campaign was measured when it was heard.
    yield from _faults_of_a_tally(told["dated"], told["day"], due, at_most=len(counts), by="days")


def _faults_of_a_tally(told: list[Fact], counted: list[Fact], due: int, *, at_most: int, by: str) -> Iterator[str]:
    """What is told stands there once, with the same number, and nothing else does."""
    for where, at, number in told:
        if not counted:
            if at < due:
                yield f"{where}: no {by} have counted it"
        elif counted[0][2] != number:
            yield f"{where}: {counted[0][0]} has counted {counted[0][2]} instead of {number}"
    for where, *_ in counted[at_most:]:
        yield f"{where}: counted before" if at_most else f"{where}: counted, and nobody says so"


def _faults_of_claiming(told: Mapping[str, list[Fact]], due: int) -> Iterator[str]:
    """What is reserved is paid for or refused, once, to the price; and then the coupon is issued, or let go."""
    prices, paid, answered = told["price"], told["paid"], told["answered"]
    for where, at, price in prices:
        if at < due and not (paid and answered):
            yield f"{where}: {'the book does not know the answer' if paid else 'no account has answered it'}"
        if paid and paid[0][2] not in (0, price):
            yield f"{where}: {paid[0][0]} paid {paid[0][2]} for it, not {price}"
    if max(len(prices), len(paid), len(answered)) > 1:
        yield f"{(paid + answered + prices)[0][0]}: a coupon is reserved, paid for or answered more than once"
    if (paid or answered) and not prices:
        yield f"{(paid + answered)[0][0]}: pays for a coupon, or answers, that nobody has reserved"
    if answered and (not paid or paid[0][2] != answered[0][2]):
        yield f"{answered[0][0]}: a coupon worth {answered[0][2]} points, of which {sum(one[2] for one in paid)} were paid"


def _faults_of_bonus(told: Mapping[str, list[Fact]], due: int) -> Iterator[str]:
    """A redemption's bonus is got once, and taken back to the point if that is void; nobody gets one for nothing."""
    given, void, got, taken = (told[f"bonus {what}"] for what in ("redeemed", "voided", "got", "taken"))
    for where, at, points in given:
        if at < due and not (got or taken):
            yield f"{where}: no account has its bonus of {points} points"
        if any(came > points for _, _, came in got):
            yield f"{where}: {got[0][0]} got more points than its bonus"
    for where, at, _ in void:
        if at < due and not taken:
            yield f"{where}: its bonus was not taken back"
    if max(len(got), len(taken)) > 1:
        yield f"{(got + taken)[-1][0]}: a bonus comes or goes twice"
    if (got and not given) or (taken and not void):
        yield f"{(got + taken)[0][0]}: a bonus of no redemption, or taken back without a void"
    if taken and taken[0][2] != -sum(came for _, _, came in got):
        yield f"{taken[0][0]}: takes {-taken[0][2]} points back, and the bonus was {sum(came for *_, came in got)}"


def _is_done(facts: list[Fact]) -> bool:
    """Whether there are but an entry, which obeys nothing, and its name."""
    one, other = facts[0], facts[-1]
    if len(facts) == 1:
        return bool(one[0] == "did" and not one[-1])
    if other[0] == "name":
        one, other = other, one
    return bool(len(facts) == 2 and one[0] == "name" and other[0] == "did" and not other[-1])


def _faults_of_deciding(told: Mapping[str, list[Fact]], due: int) -> Iterator[str]:
    """Every decision has its entries in an account, to the same points; no more comes back than was there."""
    did = told["did"]
    for where, at, kind, lots, used in told["decided"]:
        if did:
            yield from _faults_of_obeying(where, kind, (lots, used), did[0])
        elif at < due:
            yield f"{where}: no account has obeyed it"
    for account, number, at, *_, is_obeying in did:
        if is_obeying and at < due and not told["decided"]:
            yield f"{named(account, number)}: no purchase decided it"
    for name, _, lots in told["came back"]:
        if lots > sum(gave for _, _, _, gave, *_ in did):
            yield f"{name}: more points came back than it gave or used"
    if len({account for account, *_ in did}) > 1:
        yield f"{named(*did[0][:2])}: the operation has entered another account, too: {named(*did[1][:2])}"


def _faults_of_obeying(where: str, kind: str, decided: tuple[int, int], did: Fact) -> Iterator[str]:
    account, number, _, _, took, back, arrived, _ = did
    if kind in ("returned", "cancelled") and (took, back) != decided:
        wanted = " and ".join(map(str, decided))
        yield f"{where}: {named(account, number)} took and gave back {took} and {back} points, not {wanted}"
    elif kind == "completed" and arrived != decided[0]:
        yield f"{where}: {named(account, number)} earned {arrived} points, not {decided[0]}"


def _faults_of_losing(told: Mapping[str, list[Fact]], due: int) -> Iterator[str]:
    """What a redemption without a line lost, its till bears, to the same amount, or it was lifted; and nothing else."""
    lost, borne = told["lost"], told["borne"]
    for where, at, amount in lost:
        if at < due and not (borne or told["lifted"]):
            yield f"{where}: no till bears it"
        if any(had != amount for _, _, had in (*borne, *told["lifted"])):
            yield f"{where}: its till bears another amount"
    for where, *_ in borne:
        if not lost:
            yield f"{where}: a till bears what nobody has lost"


def _faults_of_giving(told: Mapping[str, list[Fact]], due: int) -> Iterator[str]:
    """What a budget or a pool has given is accepted, or given back."""
    taken, back = told["taken"], told["back"]
    accepted, no = told["accepted"] + told["issued"], told["refused"] + told["revoked"]
    for where, at, points in taken:
        if not (accepted or no or back):
            if at < due:
                yield f"{where}: nobody has accepted it, and nothing came back"
        elif no and not back:
            if max(when for _, when, _ in no) < due:
                yield f"{where}: it was refused or reversed, and nothing came back"
        elif back and not no and accepted:
            yield f"{where}: it came back, and {accepted[0][0]} has it"
        if any(got != points for _, _, got in told["accepted"]):
            yield f"{where}: {accepted[0][0]} got other points"
    if (told["accepted"] or (told["issued"] and told["drawn"])) and not taken:
        yield f"{accepted[0][0]}: nothing was taken for it"
