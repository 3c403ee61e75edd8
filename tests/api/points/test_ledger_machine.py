"""Two members, a shop, and time, in any order: after every step the books are what the simplest reckoning says."""

from datetime import timedelta
from itertools import count
from typing import Any

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from points.balances import ACCOUNT
from points.lots import total
from points.routes import ROUTES
from shared import clock as clocks
from tests.api.points.machine import WAIT_DAYS, Hold, Line, Model, Sale, spread
from tests.api.points.shop import BASE, faults, part, set_programme
from tests.kit import Client, FakeClock, make_world, member

MEMBERS = ("taro", "hanako")
WHO = st.sampled_from(MEMBERS)
PICK = st.integers(0, 10**6)  # one of what is there, whatever there is
LINES = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 40).map(lambda n: n * 50)), min_size=1, max_size=3)


class Ledger(RuleBasedStateMachine):
    """Every rule sends one request, says what its answer must be, and tells the model what it did."""

    @initialize()
    def open(self):
        self.clock = FakeClock()
        self.client = Client(ROUTES, make_world(self.clock))
        for member_id in MEMBERS:
            self.client.post("/v1/members", {"member_id": member_id})
        pending = {"ec": {"days": WAIT_DAYS}, "pos": "complete"}
        set_programme(self.client, earning=[BASE], expiry={"kind": "none"}, pending=pending)
        self.model = Model()
        self.numbers = count()
        self.sent = []  # what was answered with a yes: by whom, where, what, and the answer
        self.closed = set()  # operations that were reversed

    # ---- what the rules share ---------------------------------------------------------------------------------------

    @property
    def now(self):
        return self.clock.at

    def usable(self, member_id):
        return max(0, self.model.available(member_id, self.now))

    def ask(self, path, body, wanted, of, client=None):
        """Send a request whose answer's status or code is known; a yes is kept, to be sent again."""
        client = client or self.client
        answer = client.post(path, body)
        assert (answer.code or answer.status) == wanted, (path, body, answer.body, wanted)
        if answer.status < 300:
            self.sent.append((client, path, body, answer, of))
        return answer

    def one(self, pick, things):
        name = sorted(things)[pick % len(things)]
        return name, things[name]

    # ---- purchases --------------------------------------------------------------------------------------------------

    def body(self, source, rows, state, **more):
        goods = [{"line_id": str(n), "quantity": q, "amount": amount} for n, (q, amount) in enumerate(rows)]
        at = clocks.to_text(self.now)
        body = {"purchase_id": f"p{next(self.numbers)}", "source": source, "occurred_at": at, "state": state}
        return body | {"lines": goods} | more

    def record(self, body, member_id, rows, used, wanted):
        of = f"{body['source']}/{body['purchase_id']}"
        answer = self.ask("/v1/purchases", body, wanted, of)
        if answer.status == 201:
            shares = spread(used, [amount for _, amount in rows])
            goods = [Line(q, a, share, [q, a, share]) for (q, a), share in zip(rows, shares, strict=True)]
            self.model.sales[of] = Sale(member_id, body["source"], goods, body["state"], self.now)
        return of if answer.status == 201 else None

    @rule(who=st.one_of(st.none(), WHO), rows=LINES, source=st.sampled_from(["ec", "pos"]),
          state=st.sampled_from(["placed", "completed"]), wish=st.integers(0, 60))  # fmt: skip
    def buy(self, who, rows, source, state, wish):
        used = min(wish, sum(amount for _, amount in rows)) if who else 0
        more = {"member": {"member_id": who}, "points_used": used} if who else {}
        wanted: Any = 201 if who is None or used <= self.usable(who) else "insufficient_points"
        self.record(self.body(source, rows, state, **more), who, rows, used, wanted)

    @precondition(lambda self: self.model.holds)
    @rule(pick=PICK, rows=LINES, state=st.sampled_from(["placed", "completed"]), part_of=st.integers(0, 100))
    def buy_from_a_hold(self, pick, rows, state, part_of):
        hold_id, hold = self.one(pick, self.model.holds)
        used = min(hold.points * part_of // 100, sum(amount for _, amount in rows))
        body = self.body("pos", rows, state, member={"member_id": hold.member}, points_used=used, hold_id=hold_id)
        wanted: Any = 201
        if hold.end is not None:
            wanted = "reversed" if hold.end == "reversed" else "hold_closed"
        elif not hold.is_open(self.now) and used > self.usable(hold.member):
            wanted = "insufficient_points"
        name = self.record(body, hold.member, rows, used, wanted)
        if name:
            hold.end, hold.captured = name, 0  # the purchase has used the points

    @precondition(lambda self: self.model.sales)
    @rule(pick=PICK)
    def complete(self, pick):
        of, sale = self.one(pick, self.model.sales)
        refusals = {"cancelled": "purchase_cancelled", "reversed": "reversed"}
        self.ask(f"/v1/purchases/{of}/complete", {}, refusals.get(sale.state, 200), of)
        if sale.state == "placed":
            sale.state, sale.at = "completed", self.now

    @precondition(lambda self: self.model.sales)
    @rule(pick=PICK)
    def cancel(self, pick):
        of, sale = self.one(pick, self.model.sales)
        refusals = {"completed": "purchase_completed", "reversed": "reversed"}
        self.ask(f"/v1/purchases/{of}/cancel", {}, refusals.get(sale.state, 200), of)
        if sale.state == "placed":
            self.undo(sale, "cancelled")

    def undo(self, sale, state):
        sale.state = state
        for line in sale.lines:
            line.left = [0, 0, 0]

    @precondition(lambda self: self.model.sales)
    @rule(pick=PICK, rows=st.lists(st.integers(0, 3), min_size=3, max_size=3))
    def give_back(self, pick, rows):
        of, sale = self.one(pick, self.model.sales)
        parts = [(n, quantity) for n, quantity in enumerate(rows[: len(sale.lines)]) if quantity]
        if not parts:
            return
        refusals = {"cancelled": "purchase_cancelled", "reversed": "reversed"}
        exceeds = any(quantity > sale.lines[n].left[0] for n, quantity in parts)
        wanted = refusals.get(sale.state, "return_exceeds_purchase" if exceeds else 201)
        goods = [part(str(n), quantity=quantity) for n, quantity in parts]
        body = {"return_id": f"r{next(self.numbers)}", "channel": "ec", "lines": goods}
        if self.ask(f"/v1/purchases/{of}/returns", body, wanted, of).status == 201:
            for n, quantity in parts:
                sale.lines[n].take(quantity)

    @precondition(lambda self: self.model.sales)
    @rule(pick=PICK, who=WHO)
    def claim(self, pick, who):
        of, sale = self.one(pick, self.model.sales)
        source, purchase_id = of.split("/")
        said = {"receipt_claim_id": f"c{next(self.numbers)}", "source": source, "purchase_id": purchase_id}
        wanted = 201 if sale.member is None else "receipt_claimed"
        if sale.state in ("cancelled", "reversed"):
            wanted = "purchase_not_found"
        body = said | {"amount": sum(line.amount for line in sale.lines)}
        if self.ask("/v1/me/receipts", body, wanted, of, self.client.as_(member(who))).status == 201:
            sale.member = who

    @rule(pick=PICK, arrived=st.booleans())
    def reverse(self, pick, arrived):
        if not (arrived and self.model.sales):
            of = f"pos/p{next(self.numbers)}"
            sale = Sale(None, "pos", [], "reversed", self.now)
        else:
            of, sale = self.one(pick, self.model.sales)
        source, purchase_id = of.split("/")
        body = {"reverse_id": "x", "kind": "purchase", "source": source}
        answer = self.client.post(f"/v1/operations/{purchase_id}/reverse", body)
        assert answer.body["state"] == ("reversed" if of in self.model.sales else "not_arrived")
        self.closed.add(of)
        self.undo(sale, "reversed")
        if of not in self.model.sales:
            late = self.body("pos", [(1, 1000)], "completed", member={"member_id": "taro"}) | {
                "purchase_id": purchase_id
            }
            self.ask("/v1/purchases", late, "reversed", of)

    # ---- spends and holds -------------------------------------------------------------------------------------------

    @rule(who=WHO, points=st.integers(1, 40))
    def spend(self, who, points):
        of = f"s{next(self.numbers)}"
        body = {"spend_id": of, "member": {"member_id": who}, "points": points, "order_ref": "o"}
        wanted = 201 if points <= self.usable(who) else "insufficient_points"
        if self.ask("/v1/spends", body, wanted, of).status == 201:
            self.model.spends[of] = (who, points)

    @rule(who=WHO, points=st.integers(1, 60), minutes=st.integers(1, 1440))
    def hold(self, who, points, minutes):
        of = f"h{next(self.numbers)}"
        more = {"order_ref": "o", "ttl_seconds": minutes * 60}
        body = {"hold_id": of, "member": {"member_id": who}, "points": points, **more}
        wanted = 201 if points <= self.usable(who) else "insufficient_points"
        if self.ask("/v1/holds", body, wanted, of).status == 201:
            self.model.holds[of] = Hold(who, points, self.now + timedelta(minutes=minutes))

    @precondition(lambda self: any(hold.end is None for hold in self.model.holds.values()))
    @rule(pick=PICK, part_of=st.integers(0, 100))
    def end(self, pick, part_of):
        of, hold = self.one(pick, {of: hold for of, hold in self.model.holds.items() if hold.end is None})
        points = hold.points * part_of // 100
        verb, body = ("capture", {"points": points}) if points else ("release", {})
        lapsed = not hold.is_open(self.now)
        wanted = "insufficient_points" if lapsed and points > self.usable(hold.member) else 200
        if self.ask(f"/v1/holds/{of}/{verb}", body, wanted, of).status == 200:
            hold.end, hold.captured = verb, points

    @precondition(lambda self: self.model.spends or self.model.holds)
    @rule(pick=PICK)
    def reverse_a_spend_or_hold(self, pick):
        of, _ = self.one(pick, {**self.model.spends, **self.model.holds})
        body = {"reverse_id": "x", "kind": "spend" if of in self.model.spends else "hold"}
        answer = self.client.post(f"/v1/operations/{of}/reverse", body)
        if of in self.model.spends:
            self.model.spends[of] = (self.model.spends[of][0], 0)
        elif (sale := self.model.sales.get(str(self.model.holds[of].end))) and sale.state not in (
            "cancelled",
            "reversed",
        ):
            assert answer.code == "hold_closed"
            return
        else:
            self.model.holds[of].end, self.model.holds[of].captured = "reversed", 0
        assert answer.status == 200
        self.closed.add(of)

    # ---- time and repeats -------------------------------------------------------------------------------------------

    @rule(hours=st.sampled_from([1, 5, 24, 80]))
    def wait(self, hours):
        self.clock.forward(hours=hours)

    @precondition(lambda self: self.sent)
    @rule(pick=PICK)
    def again(self, pick):
        client, path, body, first, of = self.sent[pick % len(self.sent)]
        answer = client.post(path, body)
        if of in self.closed:
            assert (answer.status, answer.code) == (409, "reversed")
        else:
            assert (answer.status, answer.body) == (first.status, first.body)

    # ---- what is always true ----------------------------------------------------------------------------------------

    @invariant()
    def balances_are_what_is_left_of_everything(self):
        if not hasattr(self, "model"):
            return
        for member_id in MEMBERS:
            said = self.client.get(f"/v1/members/{member_id}/balance").body
            model = self.model
            expected = [one(member_id, self.now) for one in (model.available, model.pending, model.held)]
            assert [said["available"], said["pending"], said["held"]] == expected
            head = self.client.world.ledger.head(ACCOUNT, member_id, consistent=True)
            assert total(head.state.lots) == head.state.available + head.state.debt
            assert min(head.state.debt, head.state.pending) >= 0
            earned = sum(sale.points for sale in model.sales.values() if sale.member == member_id)
            used = sum(points for who, points in model.spends.values() if who == member_id)
            assert said["available"] + said["held"] + used <= earned

    def teardown(self):
        if hasattr(self, "client"):
            assert faults(self.client) == []


Ledger.TestCase.settings = settings(max_examples=50, stateful_step_count=40)
TestLedger = Ledger.TestCase
