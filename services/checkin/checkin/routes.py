"""Every way into check-in: method, path, who may, what comes and what goes."""

from __future__ import annotations

from typing import Any

from checkin import (
    approaches,
    challenges,
    checkins,
    guests,
    history,
    import_model,
    importing,
    model,
    places,
    places_model,
    presence,
    reviews,
    reviews_model,
    stores,
)
from shared.http import ANY_TOKEN, KB, MEMBER, Call, Routes
from shared.member_ref import signed_in

ROUTES = Routes()
_get, _post, _put = ROUTES.get, ROUTES.post, ROUTES.put

_get("/v1/stores/nearby", ANY_TOKEN, query=places_model.NearbyQuery, answer=places_model.NearbyAnswer)(places.nearby)
_get("/v1/geofences", ANY_TOKEN, query=places_model.FencesQuery, answer=places_model.FencesAnswer)(places.geofences)

_get("/v1/stores", "stores:admin", query=model.StoreQuery, answer=model.StorePage)(stores.listed)
_put("/v1/stores/{store_id}", "stores:admin", body=model.StoreBody, answer=model.Store)(stores.put)
_get("/v1/stores/{store_id}", "stores:admin", answer=model.Store)(stores.read)
_get("/v1/stores/{store_id}/qr", "stores:admin", answer=model.StoreQr)(stores.qr)
_put("/v1/stores/{store_id}/rewards-pause", "stores:admin", body=model.Pause, answer=model.PauseAnswer)(stores.pause)

_get("/v1/stores/{store_id}/guests", "reports:read", query=guests.GuestsQuery, answer=guests.Guests)(guests.by_hour)
_get("/v1/stores/{store_id}/presence-code", "presence:show", answer=model.PresenceCode)(presence.show)

_post(
    "/v1/stores/import",
    "stores:admin",
    body=import_model.StoreImport,
    answer=import_model.ImportedStores,
    body_max=1024 * KB,
    of_csv=importing.of_csv,
)(importing.import_stores)

_post(
    "/v1/me/checkins",
    MEMBER,
    body=model.CheckinBody,
    answer=model.CheckinAnswer,
    status=201,
    again=200,
    id_field="checkin_id",
    takes_codes=True,
)(checkins.check_in)
_post(
    "/v1/me/checkins/challenges",
    MEMBER,
    body=model.ChallengeBody,
    answer=model.ChallengeAnswer,
    status=201,
    id_field="challenge_id",
)(challenges.give)
_post(
    "/v1/checkins",
    "purchases:write",
    body=model.StaffScan,
    answer=model.CheckinAnswer,
    status=201,
    again=200,
    id_field="checkin_id",
)(checkins.scan)


@_get("/v1/me/checkins", MEMBER, query=model.Page, answer=model.CheckinPage)
def my_checkins(call: Call[Any]) -> dict[str, Any]:
    """The signed-in member's check-ins, newest first."""
    return history.listed(call, signed_in(call.world, call.who)["member_id"])


@_get("/v1/members/{member_id}/checkins", "points:read", query=model.Page, answer=model.CheckinPage)
def checkins_of_member(call: Call[Any]) -> dict[str, Any]:
    """A member's check-ins, newest first."""
    return history.listed(call, call.path_id("member_id"))


_post(
    "/v1/me/approaches",
    MEMBER,
    body=model.ApproachBody,
    answer=model.ApproachAnswer,
    status=202,
    id_field="approach_id",
)(approaches.record)

_get("/v1/reviews", "checkins:review", query=reviews_model.ReviewQuery, answer=reviews_model.ReviewPage)(reviews.listed)
_post("/v1/reviews/{review_id}/approve", "checkins:review", answer=reviews_model.ReviewAnswer)(reviews.approve)
_post("/v1/reviews/{review_id}/reject", "checkins:review", answer=reviews_model.ReviewAnswer)(reviews.reject)
_post(
    "/v1/reviews/batch",
    "checkins:review",
    body=reviews_model.ReviewBatch,
    answer=reviews_model.ReviewResults,
    body_max=1024 * KB,
)(reviews.batch)
