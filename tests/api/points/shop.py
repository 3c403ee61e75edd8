"""A shop at work over the real routes: it sells, completes, cancels, takes back, reverses, and sets its programme."""

from datetime import timedelta

from infra import invariants
from tests.kit import EC, OPERATOR, member, purchase

BASE = {"rule_id": "base", "kind": "base", "points": 1, "per_amount": 100}
ACCOUNTS = ("taro", "hanako")


def line(amount, line_id="1", quantity=1, **more):
    return {"line_id": line_id, "quantity": quantity, "amount": amount, **more}


def lines(*amounts):
    return [line(amount, str(n)) for n, amount in enumerate(amounts, 1)]


def times(factor, rule_id="times", **more):
    return {"rule_id": rule_id, "kind": "multiplier", "factor": factor, **more}


def set_programme(client, **changes):
    """New settings, on top of those in force."""
    operator = client.as_(OPERATOR)
    answer = operator.put("/v1/programme", operator.get("/v1/programme").body | changes)
    assert answer.status == 200, answer.body


def buy(client, purchase_id="p-1", *amounts, **changes):
    """A purchase, of one line of 1,000 yen if no amounts are named."""
    if amounts:
        changes["lines"] = lines(*amounts)
    return client.post("/v1/purchases", purchase(purchase_id=purchase_id, **changes))


def of_nobody(client, purchase_id="p-1", *amounts, **changes):
    """A purchase that was recorded without a member."""
    body = purchase(purchase_id=purchase_id, **changes) | ({"lines": lines(*amounts)} if amounts else {})
    del body["member"]
    return client.post("/v1/purchases", body)


def happens(client, what, purchase_id="p-1", body=None, source="pos"):
    return client.post(f"/v1/purchases/{source}/{purchase_id}/{what}", body or {})


def complete(client, purchase_id="p-1", source="pos", **body):
    return happens(client, "complete", purchase_id, body, source)


def cancel(client, purchase_id="p-1", source="pos"):
    return happens(client, "cancel", purchase_id, source=source)


def give_back(client, purchase_id="p-1", return_id="r-1", *parts, source="pos", verb="returns", **changes):
    """Parts of a purchase come back; without any, all of it."""
    what = {"lines": list(parts)} if parts else {"all": True}
    body = {"return_id": return_id, "channel": "pos", **what, **changes}
    return happens(client, verb, purchase_id, body, source)


def part(line_id="1", **how):
    return {"line_id": line_id, **how}


def reverse(client, operation_id="p-1", kind="purchase", **changes):
    more = {"source": "pos"} if kind == "purchase" else {}
    body = {"reverse_id": f"undo-{operation_id}", "kind": kind, **more, **changes}
    return client.post(f"/v1/operations/{operation_id}/reverse", body)


def spend(client, points, spend_id="s-1", member_id="taro"):
    body = {"spend_id": spend_id, "member": {"member_id": member_id}, "points": points, "order_ref": "o"}
    return client.as_(EC).post("/v1/spends", body)


def hold(client, points, hold_id="h-1", member_id="taro", **changes):
    member_ = {"member": {"member_id": member_id}}
    body = {"hold_id": hold_id, **member_, "points": points, "order_ref": "o", **changes}
    return client.as_(EC).post("/v1/holds", body)


def claim(client, amount, purchase_id="p-1", claim_id="c-1", member_id="taro", source="pos"):
    body = {"receipt_claim_id": claim_id, "source": source, "purchase_id": purchase_id, "amount": amount}
    return client.as_(member(member_id)).post("/v1/me/receipts", body)


def balance(client, member_id="taro", at=None):
    query = f"?at={at}" if at else ""
    return client.as_(EC).get(f"/v1/members/{member_id}/balance{query}").body


def points(client, member_id="taro"):
    """What is available, pending, held and owed."""
    said = balance(client, member_id)
    return said["available"], said["pending"], said["held"], said["debt"]


def entries(client, member_id="taro"):
    """The kinds and points of the account's entries, oldest first."""
    items = client.as_(EC).get(f"/v1/members/{member_id}/entries?limit=100").body["items"]
    return [(entry["kind"], entry["points"]) for entry in reversed(items)]


def writes_nothing(client, act):
    """Do something that must leave no trace; its answer."""
    usage = client.world.ledger.table.usage
    before = usage.write_units
    answer = act()
    assert usage.write_units == before
    return answer


def faults(client, *accounts):
    """What is wrong with the books: with every item, and between purchases and accounts.

    Whatever a purchase's chain has decided must be in the account by now.
    """
    wanted = tuple(f"M#{account}" for account in accounts or ACCOUNTS)
    items = (item for item in client.world.ledger.table.scan() if item["pk"].startswith((*wanted, "N#purchase.")))
    return invariants.faults(items, client.world.clock.now() + timedelta(days=1))
