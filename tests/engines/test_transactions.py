"""Transactions that cross each other, and readers among them: all or nothing at every moment. With controls."""

import threading

import pytest

from shared.table import Collision, PutNew, Replace
from tests.engines.test_races import THREADS, WRITERS, CheckedByTheClient, answers
from tests.races.test_chain import all_at_once

pytestmark = pytest.mark.usefixtures("switching_often")

KEYS = "abc"
TRANSFERS = 5


def done(table, writes):
    try:
        table.transact(writes)
        return True
    except Collision:
        return False


def race_for_three_keys(table, prefix):
    """All want the same keys, in orders of their own; how many got them, and whether all three are one's own."""

    def put(n):
        order = KEYS[n % 3 :] + KEYS[: n % 3]
        return done(table, [PutNew({"pk": prefix + key, "sk": 1, "by": n}) for key in order[:: 1 if n % 2 else -1]])

    told = all_at_once(THREADS, put)
    kept = {(table.get(prefix + key, 1, consistent=True) or {}).get("by") for key in KEYS}
    return sum(told), kept == {n for n in range(THREADS) if told[n]}


def race_of_neighbours(table, prefix):
    """Each wants its own key and its neighbour's: whoever has one of two has both, and of two neighbours one."""

    def put(n):
        mine = [PutNew({"pk": prefix + str(key % THREADS), "sk": 1, "by": n}) for key in (n, n + 1)]
        return done(table, mine if n % 2 else mine[::-1])

    told = all_at_once(THREADS, put)
    kept = [(table.get(prefix + str(n), 1, consistent=True) or {}).get("by") for n in range(THREADS)]
    wanted = [n if told[n] else (n - 1) % THREADS if told[n - 1] else None for n in range(THREADS)]
    return any(told), kept == wanted


def transfers(table, prefix):
    """Threads move units to and fro between four accounts, while others read; what is there in the end, and the sights.

    An account's version tells how often it moved: whoever reads the two of a pair that only move together, one after
    the other, must not see the second one less often moved than the first.
    """
    accounts = [f"{prefix}{n}" for n in range(4)]
    for account in accounts:
        table.put({"pk": account, "sk": 1, "version": 1, "n": 100})
    is_over = threading.Event()

    def move(n):
        left, right = accounts[n % 2 * 2 : n % 2 * 2 + 2]
        giver, taker = (left, right) if n // 2 % 2 else (right, left)
        for _ in range(TRANSFERS):
            while True:
                olds = [table.get(account, 1, consistent=True) for account in (giver, taker)]
                news = [
                    {**old, "n": old["n"] + change, "version": old["version"] + 1}
                    for old, change in zip(olds, (-n - 1, n + 1), strict=True)
                ]
                if done(table, [Replace(new, new["version"] - 1) for new in news]):
                    break

    def work(n):
        if n < WRITERS:
            try:
                return move(n)
            finally:
                if n == 0:
                    is_over.set()
        order = accounts[:2] if n % 2 else accounts[1::-1]
        halves = 0
        while not is_over.is_set():
            first, second = (table.get(account, 1, consistent=True)["version"] for account in order)
            halves += second < first
        return halves

    halves = sum(one or 0 for one in all_at_once(WRITERS + 2, work))
    kept = [table.get(account, 1, consistent=True) for account in accounts]
    moved = TRANSFERS * WRITERS // 2 + 1
    return sum(item["n"] for item in kept) == 400 and {item["version"] for item in kept} == {moved}, halves == 0


ONE_HAS_ALL = (1, True)
WHOLE = (True, True)


def test_of_all_who_want_the_same_keys_in_any_order_one_gets_all_of_them(table, rounds):
    assert answers(race_for_three_keys, table, ONE_HAS_ALL, rounds) == {ONE_HAS_ALL}


def test_who_wants_a_neighbours_key_as_well_gets_both_or_none(table, rounds):
    assert answers(race_of_neighbours, table, WHOLE, rounds) == {WHOLE}


def test_what_moves_by_transactions_stays_whole_and_no_reader_sees_half_of_one(table, rounds):
    assert answers(transfers, table, WHOLE, max(1, rounds // 8)) == {WHOLE}


def test_control_what_moves_piece_by_piece_is_seen_in_halves(table, rounds):
    checked = CheckedByTheClient(table)
    assert answers(race_for_three_keys, checked, ONE_HAS_ALL, rounds) != {ONE_HAS_ALL}
    assert answers(race_of_neighbours, checked, WHOLE, rounds) != {WHOLE}
