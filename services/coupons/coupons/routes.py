"""Every way into coupons: method, path, who may, what comes and what goes."""

from __future__ import annotations

from coupons import (
    allowances,
    campaigns,
    claims,
    gift_model,
    importing,
    issuing,
    jobs,
    lifting,
    listing,
    model,
    offline_model,
    previews,
    redemptions,
    stamp_cards,
    stamp_programme,
    stats,
    syncing,
    triggers,
    voids,
    waking,
)
from coupons.campaign import CampaignChange, CampaignPage, CampaignQuery, CampaignRequest, CampaignTold
from coupons.stamp_programme import StampProgramme
from coupons.stats_model import Stats, StoreDays, StoreDaysQuery
from shared.http import ANY_TOKEN, KB, MEMBER, Routes

ROUTES = Routes()
_get, _post, _patch = ROUTES.get, ROUTES.post, ROUTES.patch

_post(
    "/v1/campaigns", "campaigns:admin", body=CampaignRequest, answer=CampaignTold, status=201, id_field="campaign_id"
)(campaigns.create)
_get("/v1/campaigns", "campaigns:admin", query=CampaignQuery, answer=CampaignPage)(campaigns.listed)
_get("/v1/campaigns/{campaign_id}", "campaigns:admin", answer=CampaignTold)(campaigns.read)
_get("/v1/campaigns/{campaign_id}/stats", "campaigns:admin", answer=Stats)(stats.read)
_get(
    "/v1/campaigns/{campaign_id}/stats/store-days",
    "campaigns:admin",
    query=StoreDaysQuery,
    answer=StoreDays,
)(lifting.by_store_and_day)
_patch("/v1/campaigns/{campaign_id}", "campaigns:admin", body=CampaignChange, answer=CampaignTold)(campaigns.change)
_post("/v1/campaigns/{campaign_id}/pause", "campaigns:admin", answer=CampaignTold)(campaigns.pause)
_post("/v1/campaigns/{campaign_id}/resume", "campaigns:admin", answer=CampaignTold)(campaigns.resume)
_post("/v1/campaigns/{campaign_id}/end", "campaigns:admin", answer=CampaignTold)(campaigns.end)

_post("/v1/campaign-previews", "campaigns:admin", body=previews.PreviewRequest, answer=previews.Preview)(
    previews.preview
)

_post(
    "/v1/campaigns/{campaign_id}/codes/import",
    "campaigns:admin",
    body=model.CodeImport,
    answer=model.ImportedCodes,
    body_max=1024 * KB,
    of_csv=importing.of_csv,
)(importing.import_codes)

_post(
    "/v1/campaigns/{campaign_id}/codes",
    "campaigns:admin",
    body=model.CodesRequest,
    answer=model.CodesAnswer,
    status=202,
    id_field="job_id",
)(jobs.order)
_get("/v1/jobs/{job_id}", "campaigns:admin", answer=model.JobAnswer)(jobs.look)

_post(
    "/v1/issues",
    "coupons:issue",
    body=model.IssueRequest,
    answer=model.Coupon,
    status=201,
    id_field="source_id",
)(issuing.one)
_post(
    "/v1/issues/batch",
    "coupons:issue",
    body=model.IssueBatch,
    answer=model.IssueResults,
    body_max=1024 * KB,
    takes_codes=True,
)(issuing.batch)

_post(
    "/v1/triggers",
    "coupons:issue",
    body=gift_model.TriggerRequest,
    answer=gift_model.TriggerAnswer,
    status=202,
    id_field="trigger_id",
)(triggers.trigger)

_post(
    "/v1/me/claims",
    MEMBER,
    body=gift_model.ClaimRequest,
    answer=model.Coupon | gift_model.ClaimAnswer,
    status=201,
    again=202,
    id_field="claim_id",
    takes_codes=True,
)(claims.claim)
_get("/v1/me/claims/{claim_id}", MEMBER, answer=gift_model.ClaimAnswer)(claims.read)

_get("/v1/me/coupons", MEMBER, query=model.CouponQuery, answer=model.CouponPage)(listing.mine)
_get("/v1/me/coupons/{coupon_id}", MEMBER, answer=model.Coupon)(listing.my_one)
_get("/v1/members/{member_id}/coupons", "coupons:read", query=model.CouponQuery, answer=model.ListedPage)(
    listing.of_member
)

_post("/v1/validations", "coupons:redeem", body=model.ValidationRequest, answer=model.ValidationAnswer)(
    redemptions.validate
)
_post(
    "/v1/redemptions",
    "coupons:redeem",
    body=model.RedemptionRequest,
    answer=model.RedemptionAnswer,
    status=201,
    id_field="redemption_id",
)(redemptions.redeem)
_post("/v1/redemptions/{redemption_id}/capture", "coupons:redeem", answer=model.RedemptionAnswer)(voids.capture)
_post(
    "/v1/redemptions/{redemption_id}/void",
    "coupons:redeem",
    body=model.VoidRequest,
    answer=model.VoidAnswer,
    id_field="void_id",
)(voids.void)
_post(
    "/v1/coupons/{code}/activate",
    "coupons:issue",
    body=model.ActivateRequest,
    answer=model.Coupon,
    id_field="activate_id",
)(waking.activate)

_post(
    "/v1/stamp-programmes",
    "campaigns:admin",
    body=StampProgramme,
    answer=StampProgramme,
    status=201,
    id_field="programme_id",
)(stamp_cards.create)
_get(
    "/v1/stamp-programmes",
    "campaigns:admin",
    query=stamp_programme.CardQuery,
    answer=stamp_programme.ProgrammePage,
)(stamp_cards.listed)
_get("/v1/stamp-programmes/{programme_id}", "campaigns:admin", answer=StampProgramme)(stamp_cards.read)
_get("/v1/me/stamp-cards", MEMBER, query=stamp_programme.CardQuery, answer=stamp_programme.CardPage)(stamp_cards.mine)
_post(
    "/v1/stamps",
    "coupons:issue",
    body=stamp_programme.StampRequest,
    answer=stamp_programme.Stamped,
    status=201,
    id_field="stamp_id",
)(stamp_cards.grant)

_post(
    "/v1/offline/allowances",
    "offline:sync",
    body=offline_model.AllowanceRequest,
    answer=offline_model.AllowanceAnswer,
    status=201,
    id_field="allowance_id",
)(allowances.allow)
_post(
    "/v1/offline/sync",
    "offline:sync",
    body=offline_model.SyncRequest,
    answer=offline_model.SyncResults,
    body_max=1024 * KB,
    takes_codes=True,
)(syncing.sync)
_get("/v1/offline/keys", ANY_TOKEN, answer=offline_model.Keys)(allowances.public_keys)
_get(
    "/v1/offline/terminals/{terminal_id}",
    "coupons:read",
    query=offline_model.TerminalQuery,
    answer=offline_model.TerminalDay,
)(allowances.day_of_till)
