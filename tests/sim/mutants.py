"""Bugs, one line each, that somebody could write: the simulator must find every one of them.

A mutant is a line of the product and what it becomes. The line must be there exactly once, so that a mutant which no
longer fits the code fails the gate too. `python -m tests.sim.mutants NAME` runs one in this process until it is found.

Which seed found a mutant last is kept in `found.tsv` and tried first. Where the simulator has changed and that seed tells
another story now, all are tried in their order as before: the gate is as strict, and only slower until the file is written
anew by `python -m tests.sim.mutants --note`.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

ROOT = Path(__file__).parents[2]
SEEDS = 4000
"""Within so many seeds each of them must be found."""
FOUND = Path(__file__).with_name("found.tsv")
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join([str(ROOT), *(str(ROOT / "services" / name) for name in ("points", "coupons", "checkin"))]),
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    name: str
    module: str
    line: str
    becomes: str
    only: tuple[str, ...] = ()  # the kinds of stories in which it shows, where it is rare among all

    @property
    def path(self) -> Path:
        top, _, rest = self.module.partition(".")
        folder = ROOT / top if top == "shared" else ROOT / "services" / top / top
        return folder / f"{rest.replace('.', '/')}.py"

    def source(self) -> str:
        """The module with the bug in it."""
        whole = self.path.read_text()
        if whole.count(self.line) != 1:
            raise LookupError(f"{self.name}: the line is not once in {self.module}: {self.line}")
        return whole.replace(self.line, self.becomes)


MUTANTS = (
    # ---- chains ----
    Mutant("ring without horizon", "shared.finding", "return stop.head.floor <= stop.after or (", "return True or ("),
    Mutant("append without its condition", "shared.chains",
           "        return self.table.put_new(item)", "        return self.table.put(item)"),
    Mutant("name without its condition", "shared.ledger",
           "        old = self.table.put_new(item)\n        return (item, pending_of",
           "        old = self.table.put(item)\n        return (item, pending_of"),
    Mutant("marker instead of append", "shared.ledger", "pending, may_append=not is_dead)", "pending, may_append=False)"),
    Mutant("a name without an entry is done", "shared.chains", "if not may_append:", "if pending.is_replay or not may_append:"),
    Mutant("an entry dated before its predecessor", "shared.chains", "at = max(head.recorded_at, *(", "at = max(*(one.at for one in wanted), *("),
    Mutant("an entry dated before it was asked for", "shared.chains", "else max(now, one.at)", "else now"),
    Mutant("the walk back stopped too early", "shared.finding", 'if item["sk"] <= stop.after:', 'if item["sk"] <= stop.after + 1:'),
    Mutant("hash of the item before left out", "shared.chain", '"h": head.item_hash,', '"h": b"",'),
    Mutant("fingerprint ignored", "shared.naming", 'if old["fp"] != naming.fingerprint:', "if False:"),
    Mutant("fingerprint taken from the parsed model", "shared.http",
           "self.world.secrets.fingerprint(self.content)",
           "self.world.secrets.fingerprint(getattr(self.body, 'model_dump_json', str)().encode())"),
    Mutant("a transaction's collision taken for success", "shared.together", "if old := collision.olds.get(0):",
           "if old := name:"),
    Mutant("an outage taken for a no", "coupons.issues", "    except Conflict:\n        return  # the pool never gave",
           "    except (Conflict, Unavailable):\n        return  # the pool never gave", only=("draws_a_coupon", "draws_a_coupon", "claims", "redeems")),
    # ---- reversals ----
    Mutant("reversal that only marks the name", "shared.naming", "return self.reversal, self.mark", "return (self.mark,)"),
    Mutant("what was reversed is answered as before", "shared.naming", "if found.mark != pending.mark:", "if False:"),
    Mutant("reversal that forgets what was there", "shared.ledger", "wanted = Pending(make(entries), reversal,", "wanted = Pending(make(()), reversal,"),
    Mutant("a closed id can be used", "shared.naming", 'if old.get("state") == "reversed":', "if False:"),
    # ---- merges ----
    Mutant("merge that follows the last closing", "shared.closings", "for one in closings if one.number >= after)",
           "for one in reversed(closings) if one.number >= after)"),
    Mutant("closings forgotten by the next item", "shared.chain", "if kept else {}),", "if turn else {}),"),
    Mutant("an old member's name goes nowhere", "shared.finding", "closing = closings.first(head.closings, seen, since)",
           "closing = None"),
    Mutant("reversal that follows the first closing", "shared.finding", "if pending.of and head.closings else None", "if False else None"),
    Mutant("a reversal is looked for only where its original is", "shared.finding",
           "    return Trail(tuple(Stop(heads[account], seen, None, None) for account, seen in froms.items()), tuple(path))",
           "    return Trail((Stop(head, after, None, None),), tuple(path))"),
    # ---- erasing ----
    Mutant("what comes in late stays with who was erased", "shared.naming", "if not self.kind.is_erased(state):", "if True:",
           only=("leaves",)),
    Mutant("words of who was erased stay", "points.erasure", "        forgetting.forget(world, one)\n", "", only=("leaves",)),
    Mutant("an erasure that dies is nobody's business", "points.leaving", "        return erase(world, member_id)\n",
           "        pass\n", only=("leaves",)),
    # ---- points ----
    Mutant("expired lots spent", "points.balances", "if expires_by(lot, at, zone):", "if False:"),
    Mutant("lots spent in the order of their coming", "points.lots", "return not self.is_limited, self.last_day == NEVER, self.last_day,",
           "return not self.is_limited, self.last_day == NEVER, -self.last_day,"),
    Mutant("debt not paid first", "points.balances", "split(free, account.debt)", "split(free, 0)"),
    Mutant("spent without looking", "points.balances", "if points > available:", "if False:"),
    Mutant("hold captured twice", "points.holds",
           '    mark = chain.operation(holding.end_name(name["pk"]))\n    wanted = Pending(ending,',
           "    mark = chain.operation(f\"{name['pk']}/{ending.points}\")\n    wanted = Pending(ending,"),
    Mutant("hold captured beside itself", "points.holding", "    held = _open(account, holding)\n    kind =", "    held = None\n    kind ="),
    Mutant("return not bounded by the purchase", "points.bought", "if one.quantity > left.quantity:", "if False:"),
    Mutant("a cancelled order completed", "points.purchase", "    if progress.state != PLACED:\n        raise _refusal(progress)\n    facts, at",
           "    facts, at"),
    Mutant("a receipt claimed twice", "points.purchase", '    if progress.home is not None:\n        raise Conflict("receipt_claimed")\n', ""),
    Mutant("cap of an action not counted", "points.caps", "rule.cap.per_day - days.get(day, 0))", "rule.cap.per_day)"),
    # ---- budgets ----
    Mutant("budget read then written", "points.budgets", "if giving.points > _left(state, giving):", "if False:"),
    Mutant("give-back without a refusing entry", "points.accepting",
           'return Decided(account, (*steps, Step("refused", ref=giving.ref, data=data)))',
           'raise __import__("shared.errors").errors.Conflict("cap_exceeded")'),
    Mutant("budget given back twice", "points.awards", "mark, reversal = chain.operation(name), chain.operation(name, is_reversal=True)\n    pending = Pending(back,",
           'mark, reversal = chain.operation(f"{name}{world.clock.now()}"), chain.operation(name, is_reversal=True)\n    pending = Pending(back,'),
    # ---- coupons and visits ----
    Mutant("cap read then written", "coupons.pool", "if total is not None and pool.used(at) + count > total:", "if False:"),
    Mutant("ranges of two jobs overlap", "coupons.pool", "first, locator = pool.made,", "first, locator = max(0, pool.made - 1),"),
    Mutant("codes handed out that do not count", "coupons.jobs", 'locators.raise_made(world, pool.POOL.unpack(done.item["s"]))', "pass"),
    Mutant("codes that count no more", "coupons.locators", 'if pool.made <= old["made"]:', "if False:"),
    Mutant("a job that nobody asks to go on", "coupons.code_files", "if was_first and done < job.count:", "if False:"),
    Mutant("a code that works twice", "coupons.book", '        if why_unusable(book.get(coupon.spot), asker) is not None:\n            raise Conflict("code_not_usable")\n    is_hold',
           "        pass\n    is_hold"),
    Mutant("void of somebody else's redemption", "coupons.book",
           "elif coupon is not None and coupon.use is not None and coupon.use.by == redeeming.by:",
           "elif coupon is not None and coupon.use is not None:"),
    Mutant("figures counted at each delivery", "coupons.stats", "[(event.id, event.time, counted)]",
           '[(f"{event.id}{world.clock.elapsed()}", event.time, counted)]'),
    Mutant("who is held out gets one all the same", "coupons.issues", "if is_held_out(", "if False and is_held_out("),
    Mutant("what overtook an exposure is forgotten", "coupons.exposing",
           "for told in _told_since(world, keys.account(letter, member_id), since):", "for told in ():"),
    Mutant("a purchase that sees no exposure by a stale read", "coupons.exposing",
           "head = world.ledger.head(EXPOSURES, member_id, consistent=True)\n        item", "head = world.ledger.head(EXPOSURES, member_id)\n        item"),
    Mutant("what came back still counts for a campaign", "coupons.attribution",
           "left = heard.left if known.left is None else min(known.left, heard.left)", "left = known.left or heard.left"),
    Mutant("a hold that is given back takes a discount away", "coupons.figures", 'if data.get("was") == "redeemed"', "if True"),
    Mutant("a coupon that expires at each look", "coupons.dues", "replace(coupon, status=Status.EXPIRED, use=None)", "replace(coupon, use=None)"),
    Mutant("a reminder said at each look", "coupons.dues", "    book = replace(book, told=today)\n", ""),
    Mutant("limit of a member not looked at", "coupons.giving", "if issuing.per_member is not None and", "if False and"),
    Mutant("a budget's money counted by the piece", "coupons.judging", "return discount if draw.is_money else draw.amount",
           "return draw.amount"),
    Mutant("a limit gets back what a hold had let go", "coupons.voids", "return replace(part.operation, is_final=are_final)",
           "return replace(part.operation, is_final=True)"),
    Mutant("a code on paper counts for nobody", "coupons.book", "count = one.before(book, at).take(redeeming.by, 1, at,",
           "count = one.before(book, at).take(redeeming.by, 0, at,"),
    # ---- claims ----
    Mutant("what was not paid for is lost to the pool", "coupons.claims", 'if answered.kind == "released" and', "if False and"),
    Mutant("a reservation answered at each delivery", "coupons.claims", "chain.operation(f\"{name['pk']}/answer\",",
           "chain.operation(f\"{name['pk']}/answer{answering.refusal}{at}\","),
    Mutant("a price refused without an entry", "points.claiming", "    except (Conflict, Invalid) as refused:\n",
           "    except (Conflict, Invalid) as refused:\n        raise\n"),
    Mutant("a price paid at each delivery", "points.reactions", "obey(PAY, event.subject, [(event.id, event.time, wanted)])",
           'obey(PAY, event.subject, [(f"{event.id}{world.clock.elapsed()}", event.time, wanted)])'),
    Mutant("what is being paid for goes back when a merge ends", "coupons.merging", "_STAYS = (Status.REDEEMED, Status.RESERVED)",
           "_STAYS = (Status.REDEEMED,)"),
    Mutant("a claim's id used for two campaigns", "coupons.claims", "        if old is not None:\n            check_same(old, naming)\n\n    asked",
           "        del old\n\n    asked"),
    # ---- bonus points ----
    Mutant("a bonus that stays when its redemption is void", "points.bonuses", "undoing_of(taking.used.ref, owed, taking.entries)",
           "undoing_of(taking.used.ref, owed, ())"),
    Mutant("a bonus once for each coupon", "points.bonuses", 'return f"bonus#{self.redemption_id}#{self.coupon_id}"',
           'return f"bonus#{self.coupon_id}"'),
    Mutant("a bonus looked for since its void", "points.bonuses", 'from_ms(name["t"])', "world.clock.now()"),
    # ---- triggers ----
    Mutant("what was told dies with its process", "coupons.triggers", 'item |= {"carry": "coupons", "opens": opens}', "pass"),
    Mutant("an outage ends what an event brings", "coupons.triggers", "        except Conflict:\n            continue",
           '        except (Conflict, __import__("shared.errors").errors.Unavailable):\n            continue'),
    Mutant("an event is another source each time", "coupons.reactions", "source_id=source_of(event),",
           'source_id=f"{source_of(event)}{world.clock.elapsed():.0f}",'),
    Mutant("a code exchanged and not used up", "coupons.exchanges", "self.table.transact([PutNew(item), PutNew(code), ",
           "self.table.transact([PutNew(item), "),
    Mutant("a token that works twice", "coupons.offline",
           "if any(why_unusable(book.get(coupon.spot), asker) is not None for coupon in redeeming.coupons):", "if False:"),
    Mutant("a loss beyond the allowance", "coupons.terminal", "if count > spent.max_redemptions or value > spent.max_value:", "if False:"),
    Mutant("a loss borne at each delivery", "coupons.losses",
           "mark, reversal = chain.operation(name), chain.operation(name, is_reversal=True)",
           'mark, reversal = chain.operation(f"{name}{world.clock.elapsed()}"), chain.operation(name, is_reversal=True)'),
    Mutant("a sale handed over as another one", "points.handed", "content=content_of(ROUTE.path, sent),", "content=content_of(ROUTE.path, [sent]),"),
    Mutant("a device with more members than places", "checkin.devices", "if len(left) >= MEMBERS_PER_DEVICE:", "if False:"),
    Mutant("a guest counted at each delivery", "checkin.anomalies", "[(event.id, event.time, seen)]",
           '[(f"{event.id}{world.clock.elapsed()}", event.time, seen)]'),
    Mutant("two who review decide both", "shared.reviews", "    return Naming(NAME, keys.SHOP, wanted, print_,",
           "    return Naming(NAME, keys.SHOP, wanted + str(is_approved), print_,"),
    Mutant("a review approved and not paid", "shared.events", '    (keys.VISITS, "approved"): ("checkin.accepted",),\n', ""),
    Mutant("a store that is overrun pays on", "checkin.rules", 'doubt=OVERRUN if store.paused_by == "anomaly" else None', "doubt=None"),
    Mutant("an anomaly that pauses at each delivery", "checkin.anomalies", 'return int(store.get("anomaly", 0)) >= event.sequence', "return False",
           only=("overruns", "comes_to_a_rush")),
    Mutant("an anomaly that takes the operator's pause over", "checkin.anomalies", 'return heard if old.get("paused") else heard | {', "return heard | {",
           only=("overruns", "comes_to_a_rush")),
    Mutant("a guest too many before it is said", "checkin.traffic", "now.guests <= now.limit():", "now.guests <= now.limit() + 1:",
           only=("overruns", "comes_to_a_rush")),
    Mutant("a stay that is over at once", "checkin.dwelling", "and self.not_before <= now <= self.expires_at", "and now <= self.expires_at",
           only=("stays", "stays", "checks_in")),
    Mutant("a stay of one fix", "checkin.dwelling", "has_stayed = fix.captured_at - self.fixed_at >= timedelta(seconds=self.dwell_seconds)",
           "has_stayed = True", only=("stays", "stays", "checks_in")),
    Mutant("a stay that began elsewhere", "checkin.dwelling", "if fix is None or not self.is_there or", "if fix is None or",
           only=("stays", "stays", "checks_in")),
    Mutant("a stay that is handed on", "checkin.challenges", "is_followed(wanted.store_id, device, ", "is_followed(wanted.store_id, dwelling.unpack(text).device, ",
           only=("stays", "stays", "checks_in")),
    Mutant("a visit that is paid leaves its day to another", "checkin.ruling", "if ruling.is_approved else others", "if ruling.is_approved and own else others",
           only=("comes_to_a_rush", "merges_members")),
    Mutant("a visit that is paid drives out another", "checkin.ruling", "if visit is not own)", "if visit.store_id != ruling.said['store_id'])",
           only=("comes_to_a_rush", "merges_members")),
    Mutant("an approach told each time", "checkin.approach", "is_known = any(", "is_known = False and any("),
    Mutant("business day in UTC", "shared.business_day", "start = wall.replace(tzinfo=place).astimezone(UTC)\n    if",
           "return wall.replace(tzinfo=UTC)\n    if"),
    # ---- stamps ----
    Mutant("a return that comes first is forgotten", "coupons.hearing",
           "return None if left == known.left else Decided(book, (_note(heard.ref, known, left, None),))", "return None"),
    Mutant("a purchase stamped at each delivery", "coupons.stamping", "else known_of(said)", "else Known(known_of(said).entries)"),
    Mutant("a merged book is not asked", "coupons.stamping", "wanted += [closing.account for closing in heads[account].closings]", "pass"),
    Mutant("a coupon in use taken back", "coupons.cards", 'return coupon.state(at, today) == "issued"', "return coupon.status is not Status.VOIDED"),
    Mutant("a full card's coupon without its name", "coupons.stamping", "names = list(_names(item))", "names: list[Item] = []"),
    Mutant("a day's limit not looked at", "coupons.cards", "given = wanted if card.has_room(day, programme.per_day) else 0", "given = wanted"),
    # ---- events ----
    Mutant("relay acknowledging before publishing", "shared.relay", '            _log.exception("not published")\n            return wanted',
           "            return []"),
    Mutant("partial batch ignored", "shared.inbox", "for one in failed]}", "for one in failed[:0]]}"),
    Mutant("an event applied at each delivery", "points.reactions", "[(event.id, event.time, earning)]",
           '[(f"{event.id}{world.clock.elapsed()}", event.time, earning)]'),
    Mutant("an effect dated by its consumer", "points.reactions", "[(event.id, event.time, earning)]", "[(event.id, world.clock.now(), earning)]"),
    Mutant("a crash after the name is nobody's business", "shared.relay",
           '            outbox.carry_on(item["carry"], item["pk"])', "            pass"),
    Mutant("what one chain decided reaches no other", "shared.relay", "                outbox.carry_on(service, name)", "                pass"),
)  # fmt: skip


class _Loader(SourceFileLoader):
    def __init__(self, mutant: Mutant) -> None:
        super().__init__(mutant.module, str(mutant.path))
        self._mutant = mutant

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._mutant.source(), self.path, "exec")


class Finder(importlib.abc.MetaPathFinder):
    """Gives the one module of a mutant instead of the real one. Nothing of the product may be loaded yet."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._mutant.module:
            return None
        return importlib.util.spec_from_file_location(fullname, self._mutant.path, loader=_Loader(self._mutant))


def found_at(mutant: Mutant, first: int = 0, seeds: int = SEEDS) -> tuple[int, str] | None:
    """The seed that finds a mutant, and what it says; None if none does. In a process of its own.

    The seed `first` is tried before all others.
    """
    assert mutant.module not in sys.modules, "the product is loaded already"
    sys.meta_path.insert(0, Finder(mutant))
    from tests.sim.story import CROWDED, told

    for seed in (first, *range(seeds)):
        faults = told(seed, CROWDED, mutant.only).faults
        if faults:
            return seed, faults[0]
    return None


def found_before() -> dict[str, int]:
    """The seed that has found each mutant, by its name, where that was noted."""
    rows = (line.split("\t") for line in FOUND.read_text().splitlines()) if FOUND.exists() else ()
    return {name: seed for name, number in rows if (seed := int(number)) < SEEDS}


def look_for(mutant: Mutant) -> subprocess.CompletedProcess[str]:
    """What the simulator says of a mutant, in a process of its own: exit code 0 and `seed N: …`, or 1."""
    command = [sys.executable, "-m", "tests.sim.mutants", mutant.name]
    return subprocess.run(command, env=ENVIRONMENT, cwd=ROOT, capture_output=True, text=True, check=False)


def look_for_all(processors: int) -> dict[str, subprocess.CompletedProcess[str]]:
    """The same of every mutant, by name."""
    with ThreadPoolExecutor(processors) as pool:
        return dict(zip((one.name for one in MUTANTS), pool.map(look_for, MUTANTS), strict=True))


def _note() -> int:
    runs = look_for_all(os.cpu_count() or 1)
    seeds = {name: run.stdout.split()[1].rstrip(":") for name, run in runs.items() if not run.returncode}
    FOUND.write_text("".join(f"{name}\t{seed}\n" for name, seed in seeds.items()))
    return len(runs) - len(seeds)


def main(arguments: list[str]) -> int:
    """Run the mutant that is named, or list all, or note for each which seed finds it."""
    if arguments == ["--note"]:
        return _note()
    chosen = [mutant for mutant in MUTANTS if mutant.name in arguments]
    for mutant in chosen or MUTANTS:
        if not chosen:
            print(mutant.name)
            continue
        found = found_at(mutant, found_before().get(mutant.name, 0))
        print(f"seed {found[0]}: {found[1]}" if found else "survived")
        return 0 if found else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
