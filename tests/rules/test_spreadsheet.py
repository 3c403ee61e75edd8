"""CSV that a spreadsheet opens as it is, and that runs nothing there."""

import csv
import io

import pytest
from hypothesis import given, strategies as some

from shared.spreadsheet import csv_text

MARK = "\ufeff"


def read(text):
    return list(csv.reader(io.StringIO(text.removeprefix(MARK), newline="")))


def test_lines_end_in_cr_lf_and_cells_are_quoted_where_they_must_be():
    text = csv_text(["a", "b"], [["x,y", 1], ['say "はい"', 2], ["two\r\nlines", 3]])
    assert text == MARK + 'a,b\r\n"x,y",1\r\n"say ""はい""",2\r\n"two\r\nlines",3\r\n'


def test_a_table_without_rows_is_its_header():
    assert csv_text(["a", "b"], []) == MARK + "a,b\r\n"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_a_text_that_would_be_a_formula_is_made_a_text(start):
    for text in (start, f"{start}1+1", f"{start}cmd|' /C calc'!A0"):
        assert read(csv_text(["a"], [[text]]))[1] == [f"'{text}"]


def test_a_number_stays_a_number_even_below_zero():
    assert csv_text(["a"], [[-5], [0]]).splitlines()[1:] == ["-5", "0"]


@given(some.lists(some.lists(some.text(some.characters(exclude_categories=["Cs"])), min_size=2, max_size=2)))
def test_every_table_is_read_back_as_it_was_but_for_the_guard(rows):
    back = read(csv_text(["a", "b"], rows))[1:]
    assert [[cell.removeprefix("'") for cell in row] for row in back] == [
        [cell.removeprefix("'") for cell in row] for row in rows
    ]
    assert not any(cell.startswith(tuple("=+-@\t\r＝＋－＠")) for row in back for cell in row)
