"""Every way into points: method, path, who may, what comes and what goes."""

from __future__ import annotations

from typing import Any

from points import account, awards, holds, keyring, members, model, partners, person, purchases, reversals, spends, till
from shared.http import ANY_KEY, KB, MEMBER, Call, Routes
from shared.member_ref import signed_in

ROUTES = Routes()
_get, _post, _put, _delete = ROUTES.get, ROUTES.post, ROUTES.put, ROUTES.delete
_BATCH = 1024 * KB

_post("/v1/members", "members:write", body=person.NewMember, answer=person.MemberAnswer, status=201)(members.create)
_get("/v1/members/{member_id}", "members:read", answer=person.MemberAnswer)(members.read)
_post(
    "/v1/members/{member_id}/identities",
    "members:write",
    body=person.NewIdentity,
    answer=person.MemberAnswer,
    status=201,
)(members.link)
_delete("/v1/members/{member_id}/identities/{type}", "members:write", body=person.IdentityValue, status=204)(
    members.unlink
)
_post("/v1/members/resolve", "members:read", body=person.Resolve, answer=person.Resolved)(till.resolve_at_till)

_post(
    "/v1/purchases",
    "purchases:write",
    body=model.Purchase,
    answer=model.PurchaseAnswer,
    status=201,
    id_field="purchase_id",
)(purchases.record)
_post("/v1/purchases/preview", "purchases:write", body=model.Purchase, answer=model.PurchaseAnswer)(purchases.preview)
_post("/v1/purchases/batch", "purchases:write", body=model.Batch, answer=model.BatchAnswer, body_max=_BATCH)(
    purchases.record_batch
)
_post("/v1/spends", "points:spend", body=model.Spend, answer=model.SpendAnswer, status=201, id_field="spend_id")(
    spends.spend
)
_post("/v1/holds", "points:spend", body=model.Hold, answer=model.HoldAnswer, status=201, id_field="hold_id")(holds.hold)
_post("/v1/holds/{hold_id}/capture", "points:spend", body=model.Capture, answer=model.HoldAnswer)(holds.capture)
_post("/v1/holds/{hold_id}/release", "points:spend", answer=model.HoldAnswer)(holds.release)
_post("/v1/holds/{hold_id}/extend", "points:spend", body=model.Extend, answer=model.HoldAnswer)(holds.extend)
_post(
    "/v1/operations/{operation_id}/reverse",
    ANY_KEY,
    body=model.Reverse,
    answer=model.ReverseAnswer,
    id_field="reverse_id",
)(reversals.reverse)
_post("/v1/awards", "awards:write", body=model.Award, answer=model.AwardAnswer, status=201, id_field="award_id")(
    awards.award
)
_get("/v1/partner/budget", "awards:write", answer=model.BudgetAnswer)(awards.budget)
_put("/v1/partners/{partner_id}", "programme:admin", body=model.Partner, answer=model.PartnerAnswer)(partners.put)
_get("/v1/partners/{partner_id}", "programme:admin", answer=model.PartnerAnswer)(partners.read)

_post("/v1/keys", "keys:admin", body=model.NewKey, answer=model.KeyAnswer, status=201)(keyring.create)
_get("/v1/keys", "keys:admin", query=model.Page, answer=model.KeyPage)(keyring.listed)
_delete("/v1/keys/{key_id}", "keys:admin", status=204)(keyring.revoke)

_get("/v1/me", MEMBER, answer=person.MemberAnswer)(members.read_me)
_post("/v1/me", MEMBER, body=person.NewMe, answer=person.MemberAnswer, status=201, again=200)(members.join)
_get("/v1/me/code", MEMBER, answer=person.MemberCode)(till.show_code)
_put("/v1/me/consents/{purpose}", MEMBER, body=person.Consent)(members.consent)


@_get("/v1/me/balance", MEMBER, query=model.At, answer=model.Balance)
def my_balance(call: Call[Any]) -> model.Balance:
    """The signed-in member's balance, now or at a time."""
    return account.balance(call, signed_in(call.world, call.who)["member_id"])


@_get("/v1/me/entries", MEMBER, query=model.Page, answer=model.EntryPage)
def my_entries(call: Call[Any]) -> dict[str, Any]:
    """The signed-in member's entries, newest first."""
    return account.entries(call, signed_in(call.world, call.who)["member_id"])


@_get("/v1/members/{member_id}/balance", "points:read", query=model.At, answer=model.Balance)
def balance(call: Call[Any]) -> model.Balance:
    """A member's balance, now or at a time."""
    return account.balance(call, call.path["member_id"])


@_get("/v1/members/{member_id}/entries", "points:read", query=model.Page, answer=model.EntryPage)
def entries(call: Call[Any]) -> dict[str, Any]:
    """A member's entries, newest first."""
    return account.entries(call, call.path["member_id"])
