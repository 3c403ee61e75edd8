"""Every route as a method: the variables of its path, its body, the variables of its query.

Made by `omo openapi --renew` of docs/clients/openapi.json: do not edit.
"""

# What comes over the wire is taken at its word: the services are held to their description by their own tests.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from typing import Any, Literal

from omotenashi_client import models
from omotenashi_client.asking import Ask


class Points:
    """The routes of points."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def get_health(self) -> dict[str, Any]:
        """Whether the service answers."""
        return self._ask("points", "GET", "/health")

    def get_openapi_json(self) -> dict[str, Any]:
        """This description."""
        return self._ask("points", "GET", "/openapi.json")

    def post_actions(self, body: models.Action) -> models.ActionAnswer:
        """Record what a member did that was no purchase: its points are there when this has answered."""
        return self._ask("points", "POST", "/v1/actions", body=body, named_by="action_id")

    def post_adjustments(self, body: models.Adjustment) -> models.AdjustmentAnswer:
        """Give or take a member's points, or ask for the approval that it needs."""
        return self._ask("points", "POST", "/v1/adjustments", body=body, named_by="adjustment_id")

    def post_adjustments_approve(self, adjustment_id: str, body: dict[str, Any] | None = None) -> models.AdjustmentAnswer:
        """Approve an adjustment that somebody else has asked for; from then on the points are there, or gone."""
        return self._ask("points", "POST", "/v1/adjustments/{adjustment_id}/approve", {"adjustment_id": adjustment_id}, body=body)

    def get_alerts(self, *, state: Literal['open', 'all'] | None = None, since: str | None = None, limit: int | None = None, cursor: str | None = None) -> models.AlertPage:
        """A page of the alerts, by their business days, the oldest first."""
        return self._ask("points", "GET", "/v1/alerts", query={"state": state, "since": since, "limit": limit, "cursor": cursor})

    def get_alerts_by_alert_id(self, alert_id: str) -> models.Alert:
        """One alert, open or resolved."""
        return self._ask("points", "GET", "/v1/alerts/{alert_id}", {"alert_id": alert_id})

    def post_alerts_resolve(self, alert_id: str, body: models.ResolveAlert) -> models.Alert:
        """Say what an alert turned out to be; nothing is stopped for it any more when this has answered."""
        return self._ask("points", "POST", "/v1/alerts/{alert_id}/resolve", {"alert_id": alert_id}, body=body)

    def post_awards(self, body: models.Award) -> models.AwardAnswer:
        """Give a member points out of the caller's budget."""
        return self._ask("points", "POST", "/v1/awards", body=body, named_by="award_id")

    def post_holds(self, body: models.Hold) -> models.HoldAnswer:
        """Take points out of a member's account for a while."""
        return self._ask("points", "POST", "/v1/holds", body=body, named_by="hold_id")

    def post_holds_capture(self, hold_id: str, body: models.Capture | None = None) -> models.HoldAnswer:
        """Use the held points, or some of them; the rest comes back."""
        return self._ask("points", "POST", "/v1/holds/{hold_id}/capture", {"hold_id": hold_id}, body=body)

    def post_holds_extend(self, hold_id: str, body: models.Extend) -> models.HoldAnswer:
        """Keep an open hold for longer."""
        return self._ask("points", "POST", "/v1/holds/{hold_id}/extend", {"hold_id": hold_id}, body=body)

    def post_holds_release(self, hold_id: str, body: dict[str, Any] | None = None) -> models.HoldAnswer:
        """Let the held points go."""
        return self._ask("points", "POST", "/v1/holds/{hold_id}/release", {"hold_id": hold_id}, body=body)

    def get_keys(self, *, limit: int | None = None, cursor: str | None = None) -> models.KeyPage:
        """A page of the stage's keys, without secrets."""
        return self._ask("points", "GET", "/v1/keys", query={"limit": limit, "cursor": cursor})

    def post_keys(self, body: models.NewKey) -> models.KeyAnswer:
        """A new key. Asked again with the same `key_id`, the same key without its secret."""
        return self._ask("points", "POST", "/v1/keys", body=body)

    def delete_keys(self, key_id: str) -> None:
        """Stop a key for good; every environment knows within the cache's second, the gateway within its thirty."""
        return self._ask("points", "DELETE", "/v1/keys/{key_id}", {"key_id": key_id})

    def post_keys_rotate(self, key_id: str, body: models.Rotation) -> models.KeyAnswer:
        """A new secret for a key; those before it go on for the overlap, and no longer than they would have."""
        return self._ask("points", "POST", "/v1/keys/{key_id}/rotate", {"key_id": key_id}, body=body)

    def get_me(self) -> models.MemberAnswer:
        """The signed-in member's profile."""
        return self._ask("points", "GET", "/v1/me")

    def post_me(self, body: models.NewMe | None = None) -> models.MemberAnswer:
        """The signed-in person becomes a member, and the login is linked; again: the member it is."""
        return self._ask("points", "POST", "/v1/me", body=body)

    def delete_me(self, body: models.Leave) -> models.LeaveAnswer:
        """The signed-in member asks to be erased; it happens when the time for second thoughts is over."""
        return self._ask("points", "DELETE", "/v1/me", body=body)

    def get_me_balance(self, *, at: str | None = None) -> models.Balance:
        """The signed-in member's balance, now or at a time."""
        return self._ask("points", "GET", "/v1/me/balance", query={"at": at})

    def get_me_code(self) -> models.MemberCode:
        """What the signed-in member shows at the till: texts, which any library draws as a barcode or QR."""
        return self._ask("points", "GET", "/v1/me/code")

    def put_me_consents(self, purpose: str, body: models.Consent) -> dict[str, Any]:
        """The member's word on a purpose."""
        return self._ask("points", "PUT", "/v1/me/consents/{purpose}", {"purpose": purpose}, body=body)

    def get_me_entries(self, *, limit: int | None = None, cursor: str | None = None) -> models.EntryPage:
        """The signed-in member's entries, newest first."""
        return self._ask("points", "GET", "/v1/me/entries", query={"limit": limit, "cursor": cursor})

    def get_me_export(self, *, cursor: str | None = None) -> models.Export:
        """Everything that is kept about the signed-in member."""
        return self._ask("points", "GET", "/v1/me/export", query={"cursor": cursor})

    def post_me_keep(self, body: dict[str, Any] | None = None) -> models.MemberAnswer:
        """The signed-in member stays after all."""
        return self._ask("points", "POST", "/v1/me/keep", body=body)

    def post_me_receipts(self, body: models.ReceiptClaim) -> models.PurchaseAnswer:
        """The signed-in member's late claim of a receipt that was issued without a member: once, and within a window."""
        return self._ask("points", "POST", "/v1/me/receipts", body=body, named_by="claim_id")

    def post_members(self, body: models.NewMember | None = None) -> models.MemberAnswer:
        """A new member with its identities; the same request again gets the same member."""
        return self._ask("points", "POST", "/v1/members", body=body)

    def post_members_resolve(self, body: models.Resolve) -> models.Resolved:
        """The till's one scan: who is this, and what may they use."""
        return self._ask("points", "POST", "/v1/members/resolve", body=body)

    def get_members(self, member_id: str) -> models.MemberAnswer:
        """A member's profile; of one who is erased, that there was one."""
        return self._ask("points", "GET", "/v1/members/{member_id}", {"member_id": member_id})

    def delete_members(self, member_id: str, body: models.Erase | None = None) -> models.LeaveAnswer:
        """Erase a member now, and everybody who was merged into it."""
        return self._ask("points", "DELETE", "/v1/members/{member_id}", {"member_id": member_id}, body=body)

    def get_members_balance(self, member_id: str, *, at: str | None = None) -> models.Balance:
        """A member's balance, now or at a time."""
        return self._ask("points", "GET", "/v1/members/{member_id}/balance", {"member_id": member_id}, query={"at": at})

    def get_members_entries(self, member_id: str, *, limit: int | None = None, cursor: str | None = None) -> models.EntryPage:
        """A member's entries, newest first."""
        return self._ask("points", "GET", "/v1/members/{member_id}/entries", {"member_id": member_id}, query={"limit": limit, "cursor": cursor})

    def get_members_export(self, member_id: str, *, cursor: str | None = None) -> models.Export:
        """Everything that is kept about a member."""
        return self._ask("points", "GET", "/v1/members/{member_id}/export", {"member_id": member_id}, query={"cursor": cursor})

    def post_members_identities(self, member_id: str, body: models.NewIdentity) -> models.MemberAnswer:
        """One more way to know a member."""
        return self._ask("points", "POST", "/v1/members/{member_id}/identities", {"member_id": member_id}, body=body)

    def delete_members_identities(self, member_id: str, type: str, body: models.IdentityValue) -> None:
        """Forget one way to know a member."""
        return self._ask("points", "DELETE", "/v1/members/{member_id}/identities/{type}", {"member_id": member_id, "type": type}, body=body)

    def post_members_merge(self, member_id: str, body: models.MergeRequest) -> models.MergeAnswer:
        """Merge a member into another, who has all points from now on; the old id keeps leading there."""
        return self._ask("points", "POST", "/v1/members/{member_id}/merge", {"member_id": member_id}, body=body, named_by="merge_id")

    def post_members_unmerge(self, member_id: str, body: models.UnmergeRequest) -> models.MergeAnswer:
        """End a merge: the member has its own account again, with what is left of what it had brought."""
        return self._ask("points", "POST", "/v1/members/{member_id}/unmerge", {"member_id": member_id}, body=body, named_by="merge_id")

    def post_operations_reverse(self, operation_id: str, body: models.Reverse) -> models.ReverseAnswer:
        """Undo the caller's operation of this id, or close the id if it never arrived."""
        return self._ask("points", "POST", "/v1/operations/{operation_id}/reverse", {"operation_id": operation_id}, body=body, named_by="reverse_id")

    def get_partner_budget(self) -> models.BudgetAnswer:
        """What is left of the caller's budget."""
        return self._ask("points", "GET", "/v1/partner/budget")

    def get_partner_statements(self, month: str) -> models.Statement:
        """The caller's awards of a month as they stand now: JSON, or CSV for a spreadsheet."""
        return self._ask("points", "GET", "/v1/partner/statements/{month}", {"month": month})

    def get_partners(self, partner_id: str) -> models.PartnerAnswer:
        """A partner's settings."""
        return self._ask("points", "GET", "/v1/partners/{partner_id}", {"partner_id": partner_id})

    def put_partners(self, partner_id: str, body: models.Partner) -> models.PartnerAnswer:
        """Set a partner's budget and caps; in force everywhere when this has answered."""
        return self._ask("points", "PUT", "/v1/partners/{partner_id}", {"partner_id": partner_id}, body=body)

    def get_programme(self, *, version: int | None = None) -> models.Programme:
        """The programme in force, or an old version of it."""
        return self._ask("points", "GET", "/v1/programme", query={"version": version})

    def put_programme(self, body: models.Settings) -> models.Programme:
        """Set the programme; in force everywhere when this has answered."""
        return self._ask("points", "PUT", "/v1/programme", body=body)

    def post_programme_simulations(self, body: models.Simulation) -> models.SimulationAnswer:
        """What the purchases of some days would have earned under a programme, a page of members at a time."""
        return self._ask("points", "POST", "/v1/programme/simulations", body=body)

    def post_purchases(self, body: models.Purchase) -> models.PurchaseAnswer:
        """Record a purchase: its points are there when this has answered."""
        return self._ask("points", "POST", "/v1/purchases", body=body, named_by="purchase_id")

    def post_purchases_batch(self, body: models.Batch) -> models.BatchAnswer:
        """Record up to 100 purchases, those of one member in one append; a bad one harms no other."""
        return self._ask("points", "POST", "/v1/purchases/batch", body=body)

    def post_purchases_preview(self, body: models.Purchase) -> models.PurchaseAnswer:
        """What a purchase would earn now; nothing is written."""
        return self._ask("points", "POST", "/v1/purchases/preview", body=body)

    def post_purchases_cancel(self, source: str, purchase_id: str, body: dict[str, Any] | None = None) -> models.PurchaseAnswer:
        """A placed purchase will never be completed: nothing of it stands."""
        return self._ask("points", "POST", "/v1/purchases/{source}/{purchase_id}/cancel", {"source": source, "purchase_id": purchase_id}, body=body)

    def post_purchases_complete(self, source: str, purchase_id: str, body: models.Complete | None = None) -> models.PurchaseAnswer:
        """A placed purchase was handed over or shipped: its points are earned now."""
        return self._ask("points", "POST", "/v1/purchases/{source}/{purchase_id}/complete", {"source": source, "purchase_id": purchase_id}, body=body)

    def post_purchases_returns(self, source: str, purchase_id: str, body: models.Return) -> models.ReturnAnswer:
        """Lines of a purchase come back, in whatever channel: earned points are taken back, used ones given back."""
        return self._ask("points", "POST", "/v1/purchases/{source}/{purchase_id}/returns", {"source": source, "purchase_id": purchase_id}, body=body, named_by="return_id")

    def post_purchases_returns_preview(self, source: str, purchase_id: str, body: models.Return) -> models.ReturnAnswer:
        """What a return would do now. Nothing is entered, but for the purchase itself if its process died."""
        return self._ask("points", "POST", "/v1/purchases/{source}/{purchase_id}/returns/preview", {"source": source, "purchase_id": purchase_id}, body=body)

    def post_reconciliations(self, body: models.Reconciliation) -> models.Comparison:
        """Compare a store's journal of a business day with the ledger: every receipt that is not alike on both sides."""
        return self._ask("points", "POST", "/v1/reconciliations", body=body, named_by="reconciliation_id")

    def get_reports_audit(self) -> models.AuditNote:
        """What the last audit of all books found; `report_not_found` if none has left a note."""
        return self._ask("points", "GET", "/v1/reports/audit")

    def get_reports_dead_letters(self) -> models.DeadLetters:
        """How much lies in the dead-letter queues, approximately; `temporarily_unavailable` if one of them can't be asked."""
        return self._ask("points", "GET", "/v1/reports/dead-letters")

    def get_reports_liability(self, *, on: str | None = None) -> models.Liability:
        """What was outstanding at the end of a day: JSON, or CSV for a spreadsheet."""
        return self._ask("points", "GET", "/v1/reports/liability", query={"on": on})

    def get_reports_movements(self, *, since: str, until: str, cursor: str | None = None) -> models.MovementsAnswer:
        """What was issued, spent, and expired on some days, a page of members at a time."""
        return self._ask("points", "GET", "/v1/reports/movements", query={"since": since, "until": until, "cursor": cursor})

    def get_reports_parked(self) -> models.Parked:
        """How many messages could not be done, by place and cause."""
        return self._ask("points", "GET", "/v1/reports/parked")

    def post_spends(self, body: models.Spend) -> models.SpendAnswer:
        """Take points out of a member's account."""
        return self._ask("points", "POST", "/v1/spends", body=body, named_by="spend_id")

    def get_staff(self, staff_id: str) -> models.StaffAnswer:
        """Which member a member of staff is."""
        return self._ask("points", "GET", "/v1/staff/{staff_id}", {"staff_id": staff_id})

    def put_staff(self, staff_id: str, body: models.StaffCard) -> models.StaffAnswer:
        """Say which member a member of staff is; in force everywhere when this has answered."""
        return self._ask("points", "PUT", "/v1/staff/{staff_id}", {"staff_id": staff_id}, body=body)

    def delete_staff(self, staff_id: str) -> None:
        """Forget which member somebody was."""
        return self._ask("points", "DELETE", "/v1/staff/{staff_id}", {"staff_id": staff_id})

    def get_till(self) -> models.Here:
        """The place of the caller's key: what a till must know of its store, for its offline allowance and its journal."""
        return self._ask("points", "GET", "/v1/till")

    def get_webhooks(self, *, limit: int | None = None, cursor: str | None = None) -> models.WebhookPage:
        """A page of the endpoints, without secrets."""
        return self._ask("points", "GET", "/v1/webhooks", query={"limit": limit, "cursor": cursor})

    def post_webhooks(self, body: models.NewWebhook) -> models.WebhookAnswer:
        """A new endpoint. Asked again with the same content, the same endpoint without its secret."""
        return self._ask("points", "POST", "/v1/webhooks", body=body, named_by="webhook_id")

    def get_webhooks_by_webhook_id(self, webhook_id: str) -> models.WebhookAnswer:
        """One endpoint, without its secret."""
        return self._ask("points", "GET", "/v1/webhooks/{webhook_id}", {"webhook_id": webhook_id})

    def delete_webhooks(self, webhook_id: str) -> None:
        """Nothing is sent to the endpoint any more, and nothing is known of it."""
        return self._ask("points", "DELETE", "/v1/webhooks/{webhook_id}", {"webhook_id": webhook_id})

    def get_webhooks_deliveries(self, webhook_id: str, *, limit: int | None = None, cursor: str | None = None) -> models.DeliveryPage:
        """What was sent to an endpoint, or will be, as far as it is kept: the newest events first."""
        return self._ask("points", "GET", "/v1/webhooks/{webhook_id}/deliveries", {"webhook_id": webhook_id}, query={"limit": limit, "cursor": cursor})

    def post_webhooks_replay(self, webhook_id: str, body: models.Replay) -> models.ReplayAnswer:
        """Send all kept events since a time again, in the background; an endpoint that was disabled is tried again."""
        return self._ask("points", "POST", "/v1/webhooks/{webhook_id}/replay", {"webhook_id": webhook_id}, body=body)

    def post_webhooks_rotate(self, webhook_id: str, body: models.Rotate | None = None) -> models.WebhookAnswer:
        """A new secret. Those of before sign as well until the overlap is over, so that nothing is lost on the way."""
        return self._ask("points", "POST", "/v1/webhooks/{webhook_id}/rotate", {"webhook_id": webhook_id}, body=body)

    def get_whoami(self) -> models.WhoAmI:
        """Who the token or key stands for, and what it may do."""
        return self._ask("points", "GET", "/v1/whoami")


class Coupons:
    """The routes of coupons."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def get_health(self) -> dict[str, Any]:
        """Whether the service answers."""
        return self._ask("coupons", "GET", "/health")

    def get_openapi_json(self) -> dict[str, Any]:
        """This description."""
        return self._ask("coupons", "GET", "/openapi.json")

    def post_campaign_previews(self, body: models.PreviewRequest) -> models.Preview:
        """What a campaign that is not made yet would take off each of these baskets."""
        return self._ask("coupons", "POST", "/v1/campaign-previews", body=body)

    def get_campaigns(self, *, limit: int | None = None, cursor: str | None = None) -> models.CampaignPage:
        """A page of the campaigns, in the order of their ids."""
        return self._ask("coupons", "GET", "/v1/campaigns", query={"limit": limit, "cursor": cursor})

    def post_campaigns(self, body: models.CampaignRequest) -> models.CampaignTold:
        """A new campaign. It counts everywhere when this has answered."""
        return self._ask("coupons", "POST", "/v1/campaigns", body=body, named_by="campaign_id")

    def get_campaigns_by_campaign_id(self, campaign_id: str) -> models.CampaignTold:
        """A campaign as it is now."""
        return self._ask("coupons", "GET", "/v1/campaigns/{campaign_id}", {"campaign_id": campaign_id})

    def patch_campaigns(self, campaign_id: str, body: models.CampaignChange | None = None) -> models.CampaignTold:
        """Change name, last day, limits or stores; coupons that are out keep their terms."""
        return self._ask("coupons", "PATCH", "/v1/campaigns/{campaign_id}", {"campaign_id": campaign_id}, body=body)

    def post_campaigns_codes(self, campaign_id: str, body: models.CodesRequest) -> models.CodesAnswer:
        """Make codes of a campaign in bulk. They exist when this has answered; the file of them is made by a job."""
        return self._ask("coupons", "POST", "/v1/campaigns/{campaign_id}/codes", {"campaign_id": campaign_id}, body=body, named_by="job_id")

    def post_campaigns_codes_import(self, campaign_id: str, body: models.CodeImport) -> models.ImportedCodes:
        """Take in codes that somebody else made, each once, however often it is sent."""
        return self._ask("coupons", "POST", "/v1/campaigns/{campaign_id}/codes/import", {"campaign_id": campaign_id}, body=body)

    def post_campaigns_end(self, campaign_id: str, body: dict[str, Any] | None = None) -> models.CampaignTold:
        """Issue no more coupons, for good; those that are out stay good."""
        return self._ask("coupons", "POST", "/v1/campaigns/{campaign_id}/end", {"campaign_id": campaign_id}, body=body)

    def post_campaigns_pause(self, campaign_id: str, body: dict[str, Any] | None = None) -> models.CampaignTold:
        """Stop issuing and redeeming until the campaign is resumed."""
        return self._ask("coupons", "POST", "/v1/campaigns/{campaign_id}/pause", {"campaign_id": campaign_id}, body=body)

    def post_campaigns_resume(self, campaign_id: str, body: dict[str, Any] | None = None) -> models.CampaignTold:
        """Let a draft begin, or a paused campaign go on."""
        return self._ask("coupons", "POST", "/v1/campaigns/{campaign_id}/resume", {"campaign_id": campaign_id}, body=body)

    def get_campaigns_stats(self, campaign_id: str) -> models.Stats:
        """A campaign's figures so far; what has happened in the last moments may be on its way."""
        return self._ask("coupons", "GET", "/v1/campaigns/{campaign_id}/stats", {"campaign_id": campaign_id})

    def get_campaigns_stats_store_days(self, campaign_id: str, *, since: str, until: str, limit: int | None = None, cursor: str | None = None) -> models.StoreDays:
        """A page of a campaign's days by store, in their order; days on which nothing happened have no row."""
        return self._ask("coupons", "GET", "/v1/campaigns/{campaign_id}/stats/store-days", {"campaign_id": campaign_id}, query={"since": since, "until": until, "limit": limit, "cursor": cursor})

    def post_coupons_activate(self, code: str, body: models.ActivateRequest) -> models.Coupon:
        """Wake a sleeping code; with a member, for that member alone."""
        return self._ask("coupons", "POST", "/v1/coupons/{code}/activate", {"code": code}, body=body, named_by="activate_id")

    def post_issues(self, body: models.IssueRequest) -> models.Coupon:
        """Issue a coupon of a campaign to a member; the same source again gets the same coupon."""
        return self._ask("coupons", "POST", "/v1/issues", body=body, named_by="source_id")

    def post_issues_batch(self, body: models.IssueBatch) -> models.IssueResults:
        """Issue up to 100 coupons, each judged by itself."""
        return self._ask("coupons", "POST", "/v1/issues/batch", body=body)

    def get_jobs(self, job_id: str) -> models.JobAnswer:
        """How far a job has come, and where its file can be fetched for the next minutes."""
        return self._ask("coupons", "GET", "/v1/jobs/{job_id}", {"job_id": job_id})

    def post_me_claims(self, body: models.ClaimRequest) -> models.Coupon | models.ClaimAnswer:
        """Take a coupon of a campaign; for points, it is on its way."""
        return self._ask("coupons", "POST", "/v1/me/claims", body=body, named_by="claim_id")

    def get_me_claims(self, claim_id: str) -> models.ClaimAnswer:
        """Where one of the signed-in member's claims stands."""
        return self._ask("coupons", "GET", "/v1/me/claims/{claim_id}", {"claim_id": claim_id})

    def get_me_coupons(self, *, state: Literal['issued', 'held', 'redeemed', 'expired', 'voided'] | None = None, limit: int | None = None, cursor: str | None = None) -> models.CouponPage:
        """A page of the signed-in member's coupons, the newest first."""
        return self._ask("coupons", "GET", "/v1/me/coupons", query={"state": state, "limit": limit, "cursor": cursor})

    def get_me_coupons_by_coupon_id(self, coupon_id: str) -> models.Coupon:
        """One of the signed-in member's coupons."""
        return self._ask("coupons", "GET", "/v1/me/coupons/{coupon_id}", {"coupon_id": coupon_id})

    def get_me_stamp_cards(self, *, limit: int | None = None, cursor: str | None = None) -> models.CardPage:
        """The signed-in member's cards, one for each programme that has given stamps."""
        return self._ask("coupons", "GET", "/v1/me/stamp-cards", query={"limit": limit, "cursor": cursor})

    def get_members_coupons(self, member_id: str, *, state: Literal['issued', 'held', 'redeemed', 'expired', 'voided'] | None = None, limit: int | None = None, cursor: str | None = None) -> models.ListedPage:
        """A page of a member's coupons, the newest first; to a till without what would use them."""
        return self._ask("coupons", "GET", "/v1/members/{member_id}/coupons", {"member_id": member_id}, query={"state": state, "limit": limit, "cursor": cursor})

    def post_offline_allowances(self, body: models.AllowanceRequest) -> models.AllowanceAnswer:
        """Give a till its allowance of a business day; a second one of the same day is bounded by the same limits."""
        return self._ask("coupons", "POST", "/v1/offline/allowances", body=body, named_by="allowance_id")

    def get_offline_keys(self) -> models.Keys:
        """The keys that tokens are signed with: the present one first, then the one before."""
        return self._ask("coupons", "GET", "/v1/offline/keys")

    def post_offline_sync(self, body: models.SyncRequest) -> models.SyncResults:
        """Take up to 500 things that happened without a line; a bad one harms no other."""
        return self._ask("coupons", "POST", "/v1/offline/sync", body=body)

    def get_offline_terminals(self, terminal_id: str, *, business_day: str, store_id: str | None = None) -> models.TerminalDay:
        """What a till's business day without a line cost, and which of its sequence numbers never came."""
        return self._ask("coupons", "GET", "/v1/offline/terminals/{terminal_id}", {"terminal_id": terminal_id}, query={"business_day": business_day, "store_id": store_id})

    def post_redemptions(self, body: models.RedemptionRequest) -> models.RedemptionAnswer:
        """Use codes on a basket, all or nothing; with `hold_seconds` until the hold is captured or ends."""
        return self._ask("coupons", "POST", "/v1/redemptions", body=body, named_by="redemption_id")

    def post_redemptions_capture(self, redemption_id: str, body: dict[str, Any] | None = None) -> models.RedemptionAnswer:
        """Use for good what a redemption holds; again: the same answer."""
        return self._ask("coupons", "POST", "/v1/redemptions/{redemption_id}/capture", {"redemption_id": redemption_id}, body=body)

    def post_redemptions_void(self, redemption_id: str, body: models.VoidRequest) -> models.VoidAnswer:
        """Give back every coupon of a redemption, once. One that never arrived is closed for good."""
        return self._ask("coupons", "POST", "/v1/redemptions/{redemption_id}/void", {"redemption_id": redemption_id}, body=body, named_by="void_id")

    def get_stamp_programmes(self, *, limit: int | None = None, cursor: str | None = None) -> models.ProgrammePage:
        """A page of the stamp programmes, in the order of their ids."""
        return self._ask("coupons", "GET", "/v1/stamp-programmes", query={"limit": limit, "cursor": cursor})

    def post_stamp_programmes(self, body: models.StampProgramme) -> models.StampProgramme:
        """A new stamp programme, which never changes. It counts everywhere when this has answered."""
        return self._ask("coupons", "POST", "/v1/stamp-programmes", body=body, named_by="programme_id")

    def get_stamp_programmes_by_programme_id(self, programme_id: str) -> models.StampProgramme:
        """A stamp programme as it was made."""
        return self._ask("coupons", "GET", "/v1/stamp-programmes/{programme_id}", {"programme_id": programme_id})

    def post_stamps(self, body: models.StampRequest) -> models.Stamped:
        """Give a member stamps by hand, within the programme's limit of a day; a full card is a coupon at once."""
        return self._ask("coupons", "POST", "/v1/stamps", body=body, named_by="stamp_id")

    def post_triggers(self, body: models.TriggerRequest) -> models.TriggerAnswer:
        """Something happened to a member: the campaigns that want it issue a coupon, each once."""
        return self._ask("coupons", "POST", "/v1/triggers", body=body, named_by="trigger_id")

    def post_validations(self, body: models.ValidationRequest) -> models.ValidationAnswer:
        """What these codes would take off this basket; with a member and no codes, the member's best set."""
        return self._ask("coupons", "POST", "/v1/validations", body=body)

    def get_whoami(self) -> models.WhoAmI:
        """Who the token or key stands for, and what it may do."""
        return self._ask("coupons", "GET", "/v1/whoami")


class Checkin:
    """The routes of checkin."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def get_health(self) -> dict[str, Any]:
        """Whether the service answers."""
        return self._ask("checkin", "GET", "/health")

    def get_openapi_json(self) -> dict[str, Any]:
        """This description."""
        return self._ask("checkin", "GET", "/openapi.json")

    def post_checkins(self, body: models.StaffScan) -> models.CheckinAnswer:
        """A member of staff saw the guest and scanned the guest's code."""
        return self._ask("checkin", "POST", "/v1/checkins", body=body, named_by="checkin_id")

    def get_geofences(self, *, lat: float, lon: float, limit: int | None = None) -> models.FencesAnswer:
        """The fences nearest to a point, for a phone that can watch a few only; closed stores need none."""
        return self._ask("checkin", "GET", "/v1/geofences", query={"lat": lat, "lon": lon, "limit": limit})

    def post_me_approaches(self, body: models.ApproachBody) -> models.ApproachAnswer:
        """The signed-in member has come near a store, as the phone says."""
        return self._ask("checkin", "POST", "/v1/me/approaches", body=body, named_by="approach_id")

    def get_me_checkins(self, *, limit: int | None = None, cursor: str | None = None) -> models.CheckinPage:
        """The signed-in member's check-ins, newest first."""
        return self._ask("checkin", "GET", "/v1/me/checkins", query={"limit": limit, "cursor": cursor})

    def post_me_checkins(self, body: models.CheckinBody) -> models.CheckinAnswer:
        """The signed-in member is at a store, as the phone says."""
        return self._ask("checkin", "POST", "/v1/me/checkins", body=body, named_by="checkin_id")

    def post_me_checkins_challenges(self, body: models.ChallengeBody) -> models.ChallengeAnswer:
        """The signed-in member begins to stay at a store. Who is elsewhere gets a challenge as well: one that never passes."""
        return self._ask("checkin", "POST", "/v1/me/checkins/challenges", body=body, named_by="challenge_id")

    def get_members_checkins(self, member_id: str, *, limit: int | None = None, cursor: str | None = None) -> models.CheckinPage:
        """A member's check-ins, newest first."""
        return self._ask("checkin", "GET", "/v1/members/{member_id}/checkins", {"member_id": member_id}, query={"limit": limit, "cursor": cursor})

    def get_reviews(self, *, limit: int | None = None, cursor: str | None = None, store_id: str | None = None) -> models.ReviewPage:
        """A page of the check-ins that wait for a review, of all stores or one, the oldest first."""
        return self._ask("checkin", "GET", "/v1/reviews", query={"limit": limit, "cursor": cursor, "store_id": store_id})

    def post_reviews_batch(self, body: models.ReviewBatch) -> models.ReviewResults:
        """Decide up to 100 reviews, each as if alone: a bad one harms no other."""
        return self._ask("checkin", "POST", "/v1/reviews/batch", body=body)

    def post_reviews_approve(self, review_id: str, body: dict[str, Any] | None = None) -> models.ReviewAnswer:
        """Pay a check-in that waited for its review, dated by the day of the visit."""
        return self._ask("checkin", "POST", "/v1/reviews/{review_id}/approve", {"review_id": review_id}, body=body)

    def post_reviews_reject(self, review_id: str, body: dict[str, Any] | None = None) -> models.ReviewAnswer:
        """Do not pay a check-in that waited for its review."""
        return self._ask("checkin", "POST", "/v1/reviews/{review_id}/reject", {"review_id": review_id}, body=body)

    def get_stores(self, *, q: str | None = None, limit: int | None = None, cursor: str | None = None) -> models.StorePage:
        """A page of all stores, in the order of their ids; with words, of those whose id or name has them."""
        return self._ask("checkin", "GET", "/v1/stores", query={"q": q, "limit": limit, "cursor": cursor})

    def post_stores_import(self, body: models.StoreImport) -> models.ImportedStores:
        """Set up to 500 stores, each for itself; in force everywhere when this has answered. The same again changes nothing."""
        return self._ask("checkin", "POST", "/v1/stores/import", body=body)

    def get_stores_nearby(self, *, lat: float, lon: float, radius_m: int | None = None, limit: int | None = None) -> models.NearbyAnswer:
        """The stores around a point, nearest first, with what is on offer there."""
        return self._ask("checkin", "GET", "/v1/stores/nearby", query={"lat": lat, "lon": lon, "radius_m": radius_m, "limit": limit})

    def get_stores_by_store_id(self, store_id: str) -> models.Store:
        """A store as it was set."""
        return self._ask("checkin", "GET", "/v1/stores/{store_id}", {"store_id": store_id})

    def put_stores(self, store_id: str, body: models.StoreBody) -> models.Store:
        """Set a store; in force everywhere when this has answered. The same again changes nothing."""
        return self._ask("checkin", "PUT", "/v1/stores/{store_id}", {"store_id": store_id}, body=body)

    def get_stores_guests(self, store_id: str, *, days: int | None = None) -> models.Guests:
        """How many guests checked in at a store by hour, and how many usually do."""
        return self._ask("checkin", "GET", "/v1/stores/{store_id}/guests", {"store_id": store_id}, query={"days": days})

    def get_stores_presence_code(self, store_id: str) -> models.PresenceCode:
        """The code that a store's screen shows now; a terminal shows its own store's only."""
        return self._ask("checkin", "GET", "/v1/stores/{store_id}/presence-code", {"store_id": store_id})

    def get_stores_qr(self, store_id: str) -> models.StoreQr:
        """What to print as the store's QR: the same for as long as the stage has its secret."""
        return self._ask("checkin", "GET", "/v1/stores/{store_id}/qr", {"store_id": store_id})

    def put_stores_rewards_pause(self, store_id: str, body: models.Pause) -> models.PauseAnswer:
        """Stop or resume what a store gives for check-ins; they are recorded all the same."""
        return self._ask("checkin", "PUT", "/v1/stores/{store_id}/rewards-pause", {"store_id": store_id}, body=body)

    def get_whoami(self) -> models.WhoAmI:
        """Who the token or key stands for, and what it may do."""
        return self._ask("checkin", "GET", "/v1/whoami")
