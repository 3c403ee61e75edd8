"""What no engine at hand shows, and DynamoDB does: while a transaction is under way, some of its items are there.

AWS promises that a transaction is all or nothing, and each item for itself is read as before or as after it; of two
items that are read one after the other, either may be the earlier ("read-committed").
"""

import pytest

from points.routes import ROUTES
from shared.memory import MemoryTable
from shared.table import Collision, PutNew
from tests.chain.toy import PURSE, merge, put
from tests.kit import Client, make_world


class Slowly(MemoryTable):
    """Of the latest transaction one item is in sight, and each of the others only after `unseen` reads of it."""

    def __init__(self, *, unseen, shows):
        super().__init__()
        self._unseen, self._shows, self._hidden = unseen, shows, {}

    def transact(self, writes):
        if self._hidden:
            for place, write in enumerate(writes):
                if self._key(write) in self._hidden:
                    raise Collision({place: {}} | self._in_sight(writes))
        super().transact(writes)
        hidden = [self._key(write) for n, write in enumerate(writes) if n != self._shows]
        self._hidden = dict.fromkeys(hidden, self._unseen)

    def _in_sight(self, writes):
        keys = {n: self._key(write) for n, write in enumerate(writes)}
        found = {n: super(Slowly, self).get(*key) for n, key in keys.items() if key not in self._hidden}
        return {n: old for n, old in found.items() if old is not None}

    def get(self, pk, sk, *, consistent=False):
        return None if self._is_hidden(pk, sk) else super().get(pk, sk, consistent=consistent)

    def items(self, pk, **asked):
        found = super().items(pk, **{**asked, "limit": 1000})
        return [item for item in found if not self._is_hidden(pk, item["sk"])][: asked.get("limit", 1000)]

    def newest(self, pk, *, upto=None, consistent=False):
        found = self.items(pk, upto=upto, newest_first=True, limit=1, consistent=consistent)
        return found[0] if found else None

    def _is_hidden(self, pk, sk):
        left = self._hidden.get((pk, sk), 0)
        if left:
            self._hidden[pk, sk] = left - 1
            if left == 1:
                del self._hidden[pk, sk]
        return bool(left)

    @staticmethod
    def _key(write):
        assert isinstance(write, PutNew)
        return write.item["pk"], write.item["sk"]


@pytest.mark.parametrize("unseen", [1, 2, 3])
def test_the_twin_of_a_transaction_waits_for_what_it_has_named(unseen):
    table = Slowly(unseen=unseen, shows=0)
    world = make_world(tables=(table, MemoryTable(), MemoryTable()))
    put(world, "a", 10, "a")
    first = merge(world, "m", "a", "b")
    again = merge(world, "m", "a", "b")
    assert [one.entries for one in again[0]] == [one.entries for one in first[0]]
    assert world.ledger.open_head(PURSE, "a", consistent=True).state == 10


def test_the_twin_of_a_new_member_is_told_who_it_is_not_that_its_card_is_taken():
    table = Slowly(unseen=1, shows=1)
    client = Client(ROUTES, make_world(tables=(MemoryTable(), table, MemoryTable())))
    said = {"member_id": "taro", "identities": [{"type": "card", "value": "c-1"}]}
    assert client.post("/v1/members", said).status == 201
    again = client.post("/v1/members", said)
    assert (again.status, again.code) == (201, None)
    assert client.post("/v1/members", {**said, "member_id": "hanako"}).code == "identity_taken"
