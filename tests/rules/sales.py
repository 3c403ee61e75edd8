"""Purchases and returns as Hypothesis draws them: several lines, tax by line or by rate, points used up to the total."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import strategies as st

from points.bought import Bought, Returned, after_return, whole
from points.model import Line
from points.programme import Programme

NOON = datetime(2026, 11, 20, 3, tzinfo=UTC)  # in Tokyo
CATEGORIES = ["tea", "book", None]
RATES = [800, 1000]
DEFAULT = st.just(Programme())
YEN = st.integers(0, 3000)


def line(line_id, amount, quantity=1, **more):
    return Line(line_id=str(line_id), quantity=quantity, amount=amount, **more)


def bought(*lines, points_used=0, programme=None, taxes=(), **more):
    said = {"taxes": [list(tax) for tax in taxes]} if taxes else {}
    return Bought(
        source="pos",
        purchase_id=more.pop("purchase_id", "p-1"),
        occurred_at=more.pop("occurred_at", NOON),
        lines=tuple(lines),
        points_used=points_used,
        programme=programme or Programme(),
        more=said,
        **more,
    )


@st.composite
def purchases(draw, programmes=DEFAULT, amounts=YEN, most_used=10**9):
    """A purchase whose tax stands on its lines, or is known per rate only."""
    by_rate = draw(st.booleans())
    lines = []
    for n in range(draw(st.integers(1, 4))):
        amount, rate = draw(amounts), draw(st.sampled_from(RATES))
        tax = 0 if by_rate else draw(st.integers(0, 300))
        category = draw(st.sampled_from(CATEGORIES))
        lines.append(line(n, amount, draw(st.integers(0, 5)), tax=tax, tax_rate_bp=rate, category=category))
    rates = sorted({one.tax_rate_bp for one in lines if one.tax_rate_bp is not None})
    taxes = [(rate, draw(st.integers(0, 400))) for rate in rates] if by_rate else []
    sale = bought(*lines, programme=draw(programmes), taxes=taxes)
    used = draw(st.one_of(st.just(0), st.integers(0, sale.total), st.just(sale.total)))
    return replace(sale, points_used=min(used, most_used))


@st.composite
def returns_of(draw, sale, left):
    """Some of what is left of a purchase, line by line: a quantity, an amount, or all of the line."""
    wanted = []
    for one, now in zip(sale.lines, left, strict=True):
        ways: list[str | None] = [None]
        if not now.is_gone:
            ways.append("all")
        if now.quantity:
            ways.append("quantity")
        if now.amount:
            ways.append("amount")
        match draw(st.sampled_from(ways)):
            case "all":
                wanted.append(Returned(one.line_id))
            case "quantity":
                wanted.append(Returned(one.line_id, quantity=draw(st.integers(1, now.quantity))))
            case "amount":
                wanted.append(Returned(one.line_id, amount=draw(st.integers(1, now.amount))))
    return wanted


@st.composite
def sales_and_returns(draw, programmes=DEFAULT, amounts=YEN, most_used=10**9):
    """A purchase, and the returns of it in order: parts, and at last what is left."""
    sale = draw(purchases(programmes, amounts, most_used))
    left, sequence = whole(sale), []
    for _ in range(draw(st.integers(0, 5))):
        part = draw(returns_of(sale, left))
        if part:
            sequence.append(part)
            left = after_return(sale, left, part)
    if not all(one.is_gone for one in left):
        sequence.append(None)
    return sale, sequence
