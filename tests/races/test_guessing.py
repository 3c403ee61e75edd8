"""Many guesses at once: the budget is not overrun by one; with a control that fails without the condition."""

import time

import pytest

from coupons.routes import ROUTES
from shared import world as worlds
from shared.clock import Clock
from shared.guessing import OF_A_KEY, Budget, count
from shared.keys import Stage
from shared.memory import MemoryTable
from shared.secrets import Secrets
from tests.kit import NOON, ROOT, TILL, Client
from tests.races.test_checkin import _switch_often, all_at_once  # noqa: F401 - a fixture
from tests.typed import made_up

MANY = 96


class Slow(MemoryTable):
    """A table whose readers look at what they read for a moment, so that threads surely meet."""

    def get(self, pk, sk, *, consistent=False):
        found = super().get(pk, sk, consistent=consistent)
        time.sleep(0.0005)
        return found


class Careless(Slow):
    """A table without conditions."""

    def put_new(self, item):
        self.put(item)

    def replace(self, item, version):
        self.put(item)
        return True


def world(transient):
    """A world whose waiting is real, and in which no time passes for the rules."""
    clock = Clock(now=lambda: NOON)
    return worlds.make(Stage("test"), MemoryTable(), MemoryTable(), transient, Secrets(lambda: ROOT), clock)


def guess_at_once(transient):
    till, codes = Client(ROUTES, world(transient), TILL), made_up(MANY)

    def guess(n):
        """As a till does: the same request again while the answer is 503."""
        basket = {"lines": [{"line_id": "1", "quantity": 1, "amount": 100}]}
        said = {"codes": [codes[n]], "channel": "pos", "basket": basket}
        answer = till.post("/v1/validations", said)
        while answer.status == 503:
            answer = till.post("/v1/validations", said)
        return answer.status

    return all_at_once(guess, MANY)


def test_of_many_guesses_at_once_exactly_the_budget_is_answered():
    answers = guess_at_once(Slow())
    assert sorted(answers) == [200] * OF_A_KEY + [429] * (MANY - OF_A_KEY)


def test_control_without_the_condition_more_than_the_budget_is_answered():
    assert guess_at_once(Careless()).count(200) > OF_A_KEY


@pytest.mark.parametrize("attempts", [20])
def test_twins_in_the_same_millisecond_are_two_failures(attempts):
    for n in range(attempts):
        here = world(Slow())
        all_at_once(lambda twin, here=here: count(here, Budget("default", "somebody", 9), 1, f"r-{twin}"), 2)
        counted = count(here, Budget("default", "somebody", 9), 1, "last")
        assert len(counted.times) == 3, n
