"""Every way into points: method, path, who may, what comes and what goes."""

from __future__ import annotations

from typing import Any

from points import (
    account,
    acting,
    actions,
    adjusting,
    adjustments,
    afterwards,
    alerts,
    audited,
    awards,
    day_close,
    export,
    guard_model,
    holds,
    hook_model,
    identities,
    key_model,
    keyring,
    leaving,
    liability,
    members,
    merges,
    model,
    movements,
    moving,
    parked,
    partner_model,
    partners,
    person,
    profiles,
    programme,
    purchases,
    receipts,
    reconciling,
    reports,
    returned,
    reversals,
    settings,
    simulating,
    simulation,
    spends,
    staff,
    statements,
    till,
    webhooks,
)
from shared.http import ANY_KEY, KB, MEMBER, Call, Routes
from shared.member_ref import signed_in
from shared.preference import CSV, JSON

ROUTES = Routes()
_get, _post, _put, _delete = ROUTES.get, ROUTES.post, ROUTES.put, ROUTES.delete
_BATCH, _JOURNAL = 1024 * KB, 4096 * KB

_post("/v1/members", "members:write", body=person.NewMember, answer=person.MemberAnswer, status=201)(members.create)
_get("/v1/members/{member_id}", "members:read", answer=person.MemberAnswer)(profiles.read)
_post(
    "/v1/members/{member_id}/identities",
    "members:write",
    body=person.NewIdentity,
    answer=person.MemberAnswer,
    status=201,
)(identities.link)
_delete("/v1/members/{member_id}/identities/{type}", "members:write", body=person.IdentityValue, status=204)(
    identities.unlink
)
_post(
    "/v1/members/{member_id}/merge",
    "members:merge",
    body=merges.MergeRequest,
    answer=merges.MergeAnswer,
    id_field="merge_id",
)(merges.merge)
_post(
    "/v1/members/{member_id}/unmerge",
    "members:merge",
    body=merges.UnmergeRequest,
    answer=merges.MergeAnswer,
    id_field="merge_id",
)(merges.unmerge)
_get("/v1/till", "purchases:write", answer=person.Here)(till.here)
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
_post(
    "/v1/purchases/batch",
    "purchases:write",
    body=model.Batch,
    answer=model.BatchAnswer,
    body_max=_BATCH,
    takes_codes=True,
)(purchases.record_batch)
_PURCHASE = "/v1/purchases/{source}/{purchase_id}"
_post(f"{_PURCHASE}/complete", "purchases:write", body=returned.Complete, answer=model.PurchaseAnswer)(
    afterwards.complete
)
_post(f"{_PURCHASE}/cancel", "purchases:write", answer=model.PurchaseAnswer)(afterwards.cancel)
_post(
    f"{_PURCHASE}/returns",
    "purchases:write",
    body=returned.Return,
    answer=returned.ReturnAnswer,
    status=201,
    id_field="return_id",
)(afterwards.give_back)
_post(f"{_PURCHASE}/returns/preview", "purchases:write", body=returned.Return, answer=returned.ReturnAnswer)(
    afterwards.preview
)
_post(
    "/v1/me/receipts",
    MEMBER,
    body=returned.ReceiptClaim,
    answer=model.PurchaseAnswer,
    status=201,
    id_field="receipt_claim_id",
    takes_codes=True,
)(receipts.claim)
_post(
    "/v1/actions",
    "purchases:write",
    body=acting.Action,
    answer=acting.ActionAnswer,
    status=201,
    id_field="action_id",
)(actions.act)
_post(
    "/v1/adjustments",
    "points:admin",
    body=adjusting.Adjustment,
    answer=adjusting.AdjustmentAnswer,
    status=201,
    again=202,
    id_field="adjustment_id",
)(adjustments.adjust)
_post(
    "/v1/adjustments/{adjustment_id}/approve",
    "points:admin",
    answer=adjusting.AdjustmentAnswer,
    status=201,
)(adjustments.approve)
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
_post(
    "/v1/awards",
    "awards:write",
    body=partner_model.Award,
    answer=partner_model.AwardAnswer,
    status=201,
    id_field="award_id",
)(awards.award)
_get("/v1/partner/budget", "awards:write", answer=partner_model.BudgetAnswer)(awards.budget)
_get("/v1/partner/statements/{month}", "awards:write", answer=partner_model.Statement, media=(JSON, CSV))(
    statements.statement
)
_put("/v1/partners/{partner_id}", "programme:admin", body=partner_model.Partner, answer=partner_model.PartnerAnswer)(
    partners.put
)
_get("/v1/partners/{partner_id}", "programme:admin", answer=partner_model.PartnerAnswer)(partners.read)

_get("/v1/programme", "programme:admin", query=settings.Version, answer=programme.Programme)(settings.read)
_put("/v1/programme", "programme:admin", body=settings.Settings, answer=programme.Programme)(settings.put)
_post(
    "/v1/programme/simulations",
    "programme:admin",
    body=simulation.Simulation,
    answer=simulation.SimulationAnswer,
)(simulating.simulate)

_get(
    "/v1/reports/liability",
    "reports:read",
    query=liability.On,
    answer=liability.Liability,
    media=(JSON, CSV),
)(reports.liability)
_get("/v1/reports/movements", "reports:read", query=movements.MovementsQuery, answer=movements.MovementsAnswer)(
    moving.moved
)
_get("/v1/reports/parked", "reports:read", answer=parked.Parked)(parked.parked)
_get("/v1/reports/dead-letters", "reports:read", answer=parked.DeadLetters)(parked.dead_letters)
_get("/v1/reports/audit", "reports:read", answer=audited.AuditNote)(audited.last)
_post(
    "/v1/reconciliations",
    "reports:read",
    body=day_close.Reconciliation,
    answer=day_close.Comparison,
    body_max=_JOURNAL,
    id_field="reconciliation_id",
)(reconciling.reconcile)

_get("/v1/alerts", "reports:read", query=guard_model.AlertQuery, answer=guard_model.AlertPage)(alerts.listed)
_get("/v1/alerts/{alert_id}", "reports:read", answer=guard_model.Alert)(alerts.read)
_post(
    "/v1/alerts/{alert_id}/resolve",
    "points:admin",
    body=guard_model.ResolveAlert,
    answer=guard_model.Alert,
)(alerts.resolve)
_STAFF = "/v1/staff/{staff_id}"
_put(_STAFF, "points:admin", body=guard_model.StaffCard, answer=guard_model.StaffAnswer)(staff.put)
_get(_STAFF, "points:admin", answer=guard_model.StaffAnswer)(staff.read)
_delete(_STAFF, "points:admin", status=204)(staff.delete)

_post("/v1/keys", "keys:admin", body=key_model.NewKey, answer=key_model.KeyAnswer, status=201)(keyring.create)
_get("/v1/keys", "keys:admin", query=model.Page, answer=key_model.KeyPage)(keyring.listed)
_post(
    "/v1/keys/{key_id}/rotate",
    "keys:admin",
    body=key_model.Rotation,
    answer=key_model.KeyAnswer,
    status=201,
)(keyring.rotate)
_delete("/v1/keys/{key_id}", "keys:admin", status=204)(keyring.revoke)

_HOOK = "/v1/webhooks/{webhook_id}"
_post(
    "/v1/webhooks",
    "webhooks:admin",
    body=hook_model.NewWebhook,
    answer=hook_model.WebhookAnswer,
    status=201,
    id_field="webhook_id",
)(webhooks.create)
_get("/v1/webhooks", "webhooks:admin", query=model.Page, answer=hook_model.WebhookPage)(webhooks.listed)
_get(_HOOK, "webhooks:admin", answer=hook_model.WebhookAnswer)(webhooks.read)
_delete(_HOOK, "webhooks:admin", status=204)(webhooks.delete)
_post(f"{_HOOK}/rotate", "webhooks:admin", body=hook_model.Rotate, answer=hook_model.WebhookAnswer, status=201)(
    webhooks.rotate
)
_post(f"{_HOOK}/replay", "webhooks:admin", body=hook_model.Replay, answer=hook_model.ReplayAnswer, status=202)(
    webhooks.replay
)
_get(f"{_HOOK}/deliveries", "webhooks:admin", query=model.Page, answer=hook_model.DeliveryPage)(webhooks.deliveries)

_get("/v1/me", MEMBER, answer=person.MemberAnswer)(profiles.read_me)
_post("/v1/me", MEMBER, body=person.NewMe, answer=person.MemberAnswer, status=201, again=200)(members.join)
_get("/v1/me/code", MEMBER, answer=person.MemberCode)(till.show_code)
_put("/v1/me/consents/{purpose}", MEMBER, body=person.Consent)(profiles.consent)
_delete("/v1/me", MEMBER, body=leaving.Leave, answer=leaving.LeaveAnswer, status=202)(leaving.leave)
_post("/v1/me/keep", MEMBER, answer=person.MemberAnswer)(leaving.keep)
_delete("/v1/members/{member_id}", "privacy:admin", body=leaving.Erase, answer=leaving.LeaveAnswer, status=202)(
    leaving.erase
)
_get("/v1/me/export", MEMBER, query=export.Query, answer=export.Export)(export.of_me)
_get("/v1/members/{member_id}/export", "privacy:admin", query=export.Query, answer=export.Export)(export.of_member)


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
