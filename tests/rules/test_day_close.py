"""The journal against the ledger, whatever either has: each receipt is told once, in the list that it belongs in."""

from datetime import date

from hypothesis import given, strategies as st

from points.day_close import JournalLine, Reconciliation, Sale, compare, receipts_of

IDS = st.sampled_from([f"p-{n}" for n in range(8)])
NUMBERS = st.integers(0, 3)
LINES = st.lists(st.builds(JournalLine, purchase_id=IDS, amount=NUMBERS, points=st.none() | NUMBERS), max_size=12)
SALES = st.dictionaries(IDS, st.builds(Sale, NUMBERS, NUMBERS))


@given(LINES, SALES)
def test_every_receipt_of_either_side_is_alike_or_in_exactly_one_list(lines, sales):
    asked = Reconciliation(reconciliation_id="r", store_id="s", business_day=date(2026, 11, 20), lines=lines)
    found = compare(asked, receipts_of(lines), sales, {})
    missing, unknown, differs = found.missing_in_ledger, found.missing_in_pos, found.amount_differs
    listed = [one.purchase_id for part in (missing, unknown, differs) for one in part]
    both = {line.purchase_id for line in lines} & set(sales)
    assert len(listed) == len(set(listed))
    assert found.matched == len(both) - len(differs)
    assert {one.purchase_id for one in missing} == {line.purchase_id for line in lines} - set(sales)
    assert {one.purchase_id for one in unknown} == set(sales) - {line.purchase_id for line in lines}
    for one in both:
        own = [line for line in lines if line.purchase_id == one]
        points = [line.points for line in own if line.points is not None]
        alike = sum(line.amount for line in own) == sales[one].amount
        alike = alike and (not points or sum(points) == sales[one].points)
        assert (one in {each.purchase_id for each in differs}) is not alike


@given(LINES)
def test_no_yen_of_a_journal_is_lost(lines):
    found = receipts_of(lines)
    assert sum(one.amount for one in found.values()) == sum(line.amount for line in lines)
    assert sum(one.lines for one in found.values()) == len(lines)
