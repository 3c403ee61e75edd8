"""What is sent and what comes back, as the services describe it. Fields that may be left out are so.

Made by `omo openapi --renew` of docs/clients/openapi.json: do not edit.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class Action(TypedDict):
    """Something a member did. `type` is what the programme's rules call it; without `occurred_at` it was now."""

    action_id: str
    member: MemberRef
    type: str
    occurred_at: NotRequired[str | None]
    staff_id: NotRequired[str | None]


class ActionAnswer(TypedDict):
    """What an action earned, and why; less than its rules say, down to nothing, where a cap is reached."""

    action_id: str
    points: int
    balance: int
    explain: list[PointsExplained]


class ActivateRequest(TypedDict):
    activate_id: str
    member: NotRequired[MemberRef | None]


class Adjustment(TypedDict):
    """`points` are given, or taken if negative. `paid`: points that the member has bought for money."""

    adjustment_id: str
    member: MemberRef
    points: int
    reason: str
    consideration: NotRequired[Literal['free', 'paid']]


class AdjustmentAnswer(TypedDict):
    """`awaiting_approval`: nothing has changed yet; somebody else must approve it."""

    adjustment_id: str
    state: Literal['adjusted', 'awaiting_approval']
    points: NotRequired[int | None]
    balance: NotRequired[int | None]


class AfterHours(TypedDict):
    """Sold while the store was closed for longer than `grace_minutes` before and after."""

    outcome: NotRequired[Literal['off', 'alert', 'hold', 'block']]
    grace_minutes: NotRequired[int]


class Alert(TypedDict):
    """What one rule has found of one member at one till on one business day, said once.

    `evidence` names the first hundred purchases; `waiting` those whose points wait because of it.
    """

    alert_id: str
    rule: Literal['same_member', 'unusual_amount', 'own_card', 'after_hours', 'not_in_journal']
    outcome: Literal['alert', 'hold', 'block']
    state: Literal['open', 'resolved']
    store_id: str
    terminal_id: NotRequired[str | None]
    member_id: str
    staff_ids: list[str]
    business_day: str
    opened_at: str
    evidence: list[Evidence]
    waiting: list[str]
    text: str
    resolution: NotRequired[Resolution | None]


class AlertPage(TypedDict):
    items: list[Alert]
    next_cursor: str | None


class AllowanceAnswer(TypedDict):
    """What a till may give away; `signature` is over all other fields, by the first of the keys."""

    public_keys: list[PublicKey]
    allowance_id: str
    terminal_id: str
    store_id: str
    business_day: str
    max_redemptions: int
    max_value: int
    expires_at: str
    signature: str


class AllowanceRequest(TypedDict):
    """A till's `terminal_id` and `store_id` are those of its key; others name the till, and its store if need be."""

    allowance_id: str
    terminal_id: NotRequired[str | None]
    business_day: str
    store_id: NotRequired[str | None]


class Applied(TypedDict):
    code: str
    coupon_id: str
    discount: int
    lines: list[LineDiscount]
    explain: list[CouponsExplained]


class ApproachAnswer(TypedDict):
    """The same, whether anybody hears of it or not."""

    approach_id: str
    store_id: str


class ApproachBody(TypedDict):
    """`POST /v1/me/approaches`: the phone has crossed the fence around a store."""

    approach_id: str
    store_id: str


class Arm(TypedDict):
    """The members of one arm, each counted once: how many, their check-ins and purchases after they were exposed.

    `spent` is without tax and less what was returned; `mean_spent` is of all members of the arm.
    """

    members: int
    visits: int
    buyers: int
    spent: int
    mean_spent: NotRequired[float | None]


class Attestation(TypedDict):
    """What the phone's platform says of phone and app: the encrypted text of Google Play's integrity verdict."""

    kind: Literal['play_integrity']
    token: str


class Attributed(TypedDict):
    """What members did in the window after a campaign had reached them, or would have. For a campaign that is measured."""

    window_hours: NotRequired[int | None]
    holdout_share_bp: NotRequired[int | None]
    treated: Arm
    held_out: Arm
    lift: Lift


class Attribution(TypedDict):
    """That a campaign is measured, and how. `holdout_share_bp`: of its members, in hundredths of a per cent, get none.

    A member's purchases count for `window_hours` from the first coupon, or from when it would have been issued.
    """

    window_hours: NotRequired[int]
    holdout_share_bp: NotRequired[int]


class AuditFault(TypedDict):
    """The chain that is wrong, the number of its entry and what is wrong there; what lies between chains may have neither.

    Chains and words name things by their ids, members by theirs, which are pseudonyms. Nothing else is said of anybody.
    """

    chain: NotRequired[str | None]
    number: NotRequired[int | None]
    words: str


class AuditNote(TypedDict):
    """The last audit of all books: when it ran, how many chains and entries it read, and what is wrong.

    `fault_count`: how many faults it found; it counts a thousand at most. `faults`: the first twenty of them.
    """

    began_at: str
    ended_at: str
    chains: int
    entries: int
    fault_count: int
    faults: list[AuditFault]


class Award(TypedDict):
    """Points that a partner gives out of its budget."""

    award_id: str
    member: MemberRef
    points: int
    reason: str
    occurred_at: NotRequired[str | None]


class AwardAnswer(TypedDict):
    award_id: str
    member_ref: str
    points: int
    budget_left: int


class Balance(TypedDict):
    """`available` is less the debt. `expiring.on` is the last day on which the points can be used.

    `paid`: the points there that the member has bought for money, if any. They can be used whatever the debt.
    """

    member_id: str
    available: int
    pending: int
    held: int
    debt: int
    paid: NotRequired[int | None]
    as_of: str
    expiring: list[Expiring]
    tier: Tier


class Basis(TypedDict):
    """What of a line earns: its amount, with tax or without; less its share of the points used, or not."""

    tax: NotRequired[Literal['excl', 'incl']]
    deduct_points_used: NotRequired[bool]


class Basket(TypedDict):
    currency: NotRequired[str | None]
    lines: list[CouponsLine]


class Batch(TypedDict):
    """Up to 100 purchases. Each is validated by itself, so that a bad one harms no other."""

    purchases: list[Any]


class BatchAnswer(TypedDict):
    results: list[dict[str, Any]]


class Bought(TypedDict):
    """A basket, and where it is bought."""

    channel: Literal['ec', 'pos']
    store_id: NotRequired[str | None]
    basket: Basket


class Budget(TypedDict):
    """`monthly`: so many points a month of the programme's zone; `prepaid`: so many until it is raised."""

    kind: Literal['monthly', 'prepaid']
    points: int


class BudgetAnswer(TypedDict):
    kind: str
    period: NotRequired[str | None]
    budget: int
    used: int
    left: int


class CampaignChange(TypedDict):
    """A PATCH. A field that is not sent stays; `null` takes an optional field away."""

    name: NotRequired[Name | None]
    valid_until: NotRequired[str | None]
    limits: NotRequired[Limits | None]
    stores: NotRequired[list[str] | None]
    attribution: NotRequired[Attribution | None]


class CampaignPage(TypedDict):
    items: list[CampaignTold]
    next_cursor: str | None


class CampaignRequest(TypedDict):
    """A campaign as it is sent. Coupons begin and end with days, so a time counts as its day by the programme's clock."""

    offer: Offer
    valid_from: str
    valid_until: NotRequired[str | None]
    min_purchase: NotRequired[int | None]
    channels: NotRequired[list[Literal['ec', 'pos']] | None]
    stores: NotRequired[list[str] | None]
    stacking: NotRequired[Stacking]
    campaign_id: str
    name: Name
    valid_days: NotRequired[int | None]
    limits: NotRequired[Limits]
    trigger: NotRequired[Trigger | None]
    price_points: NotRequired[int | None]
    claimable: NotRequired[bool]
    code: NotRequired[CodeSettings]
    bind: NotRequired[Literal['order_ref'] | None]
    attribution: NotRequired[Attribution | None]
    state: NotRequired[Literal['draft', 'active', 'paused', 'ended']]


class CampaignTold(TypedDict):
    """A campaign as the operator reads it: with the one code that all share, where there is one."""

    offer: Offer
    valid_from: str
    valid_until: NotRequired[str | None]
    min_purchase: NotRequired[int | None]
    channels: NotRequired[list[Literal['ec', 'pos']] | None]
    stores: NotRequired[list[str] | None]
    stacking: NotRequired[Stacking]
    campaign_id: str
    name: Name
    valid_days: NotRequired[int | None]
    limits: NotRequired[Limits]
    trigger: NotRequired[Trigger | None]
    price_points: NotRequired[int | None]
    claimable: NotRequired[bool]
    code: NotRequired[CodeSettings]
    bind: NotRequired[Literal['order_ref'] | None]
    attribution: NotRequired[Attribution | None]
    state: NotRequired[Literal['draft', 'active', 'paused', 'ended']]
    shared_code: NotRequired[str | None]


class Cap(TypedDict):
    """At most so many points of a rule for one member: on one day of the programme, and ever."""

    per_day: NotRequired[int | None]
    per_member: NotRequired[int | None]


class Caps(TypedDict):
    per_award: NotRequired[int]
    per_member_day: NotRequired[int]
    per_day: NotRequired[int]


class Capture(TypedDict):
    """How many of the held points are used; all of them if nothing is said."""

    points: NotRequired[int | None]


class CardPage(TypedDict):
    items: list[ShownCard]
    next_cursor: str | None


class Cause(TypedDict):
    """What went wrong: the code of a refusal, or the name of an error."""

    cause: str
    count: int


class ChallengeAnswer(TypedDict):
    """What a check-in shows between these times, with the second fix. The same, wherever the phone was."""

    challenge: str
    not_before: str
    expires_at: str


class ChallengeBody(TypedDict):
    """`POST /v1/me/checkins/challenges`: the first of two fixes, where a store asks its guests to stay."""

    challenge_id: str
    store_id: str
    location: Location
    device_id: NotRequired[str | None]


class CheckinAnswer(TypedDict):
    """The answer to a check-in. It never says why nothing was given: that would teach a cheat."""

    checkin_id: str
    store_id: str
    business_day: str
    outcome: Literal['awarded', 'pending_review', 'recorded_no_award']
    already: bool
    evidence_level: int | None
    reward: Given
    next_possible_at: str


class CheckinBody(TypedDict):
    """`POST /v1/me/checkins`. A code, QR or token that proves nothing is no fault of the request, only no evidence."""

    checkin_id: str
    store_id: str
    location: NotRequired[Location | None]
    presence_code: NotRequired[str | None]
    qr: NotRequired[str | None]
    device_id: NotRequired[str | None]
    challenge: NotRequired[str | None]
    attestation: NotRequired[Attestation | None]


class CheckinListed(TypedDict):
    """One check-in of a list."""

    checkin_id: str
    store_id: str
    business_day: str
    outcome: Literal['awarded', 'pending_review', 'recorded_no_award']
    evidence_level: int | None
    reward: Given
    occurred_at: str


class CheckinOffered(TypedDict):
    """A campaign as a guest of a store reads it."""

    campaign_id: str
    name: str
    offer: dict[str, Any]


class CheckinPage(TypedDict):
    items: list[CheckinListed]
    next_cursor: str | None


class ClaimAnswer(TypedDict):
    """Where a claim stands. `refused`: nothing was taken, neither points nor a coupon of the campaign.

    `code` is the coupon's once it is issued; of a claim that was refused it says why, such as `insufficient_points`.
    """

    claim_id: str
    state: Literal['pending', 'issued', 'refused']
    coupon_id: NotRequired[str | None]
    code: NotRequired[str | None]


class ClaimRequest(TypedDict):
    """A coupon that the signed-in member takes; for points where the campaign has a price.

    `qr` is a code of the campaign that the member read: from a form, a card, a poster.
    """

    campaign_id: str
    claim_id: str
    qr: NotRequired[str | None]


class CodeImport(TypedDict):
    """Codes that somebody else made; as CSV, one a row."""

    codes: list[str]


class CodeSettings(TypedDict):
    """How a campaign's codes come to be: one for each, one for all, or made by somebody else; and whether they sleep."""

    mode: NotRequired[Literal['unique', 'shared', 'imported']]
    sleeping: NotRequired[bool]


class CodesAnswer(TypedDict):
    job_id: str
    status: Literal['queued']


class CodesRequest(TypedDict):
    job_id: str
    count: int


class Comparison(TypedDict):
    """How many receipts are alike on both sides, and all that are not."""

    reconciliation_id: str
    store_id: str
    business_day: str
    matched: int
    missing_in_ledger: list[Missing]
    missing_in_pos: list[Missing]
    amount_differs: list[Difference]


class Complete(TypedDict):
    """When it was handed over or shipped; now, if nothing is said."""

    occurred_at: NotRequired[str | None]


class Consent(TypedDict):
    """A member's word on one purpose."""

    granted: bool
    version: str


class ConsentAnswer(TypedDict):
    granted: bool
    version: str
    at: str


class Coupon(TypedDict):
    coupon_id: str
    campaign_id: str
    state: Literal['issued', 'held', 'redeemed', 'expired', 'voided']
    name: NotRequired[Name | None]
    min_purchase: NotRequired[int | None]
    source_id: str
    valid_from: str
    valid_until: NotRequired[str | None]
    offer: Offer
    redeemed_at: NotRequired[str | None]
    code: str
    qr_payload: str
    offline_token: NotRequired[str | None]


class CouponPage(TypedDict):
    items: list[Coupon]
    next_cursor: str | None


class CouponsExplained(TypedDict):
    """A step of a discount. The amounts of all steps add up to it; `detail` is figures, the same in every language."""

    rule: Literal['item_free', 'percent_off', 'amount_off', 'bonus_points', 'max_discount', 'nothing_left']
    amount: int
    detail: str


class CouponsLine(TypedDict):
    """One line of a basket. `amount` is without tax and after the shop's own discounts."""

    line_id: str
    sku: NotRequired[str | None]
    category: NotRequired[str | None]
    quantity: int
    amount: int
    tax: NotRequired[int | None]


class DayMoved(TypedDict):
    """What moved on a day. `returned`: taken back and given back; `held`: into holds, less what came out of them."""

    day: str
    issued: int
    spent: int
    expired: int
    returned: int
    adjusted: int
    held: int
    moved: int


class Days(TypedDict):
    days: int


class DeadLetterQueue(TypedDict):
    """A queue by its name within the stage, and approximately how many messages lie in it, as SQS counts them."""

    queue: str
    waiting: int


class DeadLetters(TypedDict):
    """What each inbox received five times in vain, and `parking`, where lies what the relay or a job could not do."""

    queues: list[DeadLetterQueue]


class Delivery(TypedDict):
    """One event on its way to one endpoint. `error` says what the last try met: a status, or how the line broke."""

    id: str
    event_id: str
    type: str
    state: Literal['pending', 'delivered', 'failed']
    attempts: int
    occurred_at: str
    last_at: NotRequired[str | None]
    next_at: NotRequired[str | None]
    status: NotRequired[int | None]
    error: NotRequired[str | None]


class DeliveryPage(TypedDict):
    items: list[Delivery]
    next_cursor: str | None


class Difference(TypedDict):
    """A receipt that both sides have: what the journal says of it (of all its lines), and what the ledger says."""

    purchase_id: str
    amount: int
    ledger_amount: int
    points: NotRequired[int | None]
    ledger_points: NotRequired[int | None]
    lines: NotRequired[int]


class EntryAnswer(TypedDict):
    """One entry of the account; `points` is the change of what is available."""

    entry_id: str
    sequence: int
    kind: str
    points: int
    balance_after: int
    occurred_at: str
    recorded_at: str
    ref: NotRequired[dict[str, str] | None]
    lots: NotRequired[list[Expiring] | None]
    explain: NotRequired[list[PointsExplained] | None]


class EntryPage(TypedDict):
    items: list[EntryAnswer]
    next_cursor: str | None


class Erase(TypedDict):
    """The officer's request. The member is in the path; `confirm` may be said."""

    confirm: NotRequired[Literal[True] | None]


class Estimate(TypedDict):
    """An estimate, and the bounds that hold the truth in 95 of 100 campaigns."""

    value: float
    low: float
    high: float


class Evidence(TypedDict):
    """A purchase that an alert is about: its total with tax, and its entry in the member's account where that is known."""

    purchase_id: str
    amount: int
    occurred_at: str
    entry_id: NotRequired[str | None]


class Expiring(TypedDict):
    on: str
    points: int
    kind: Literal['regular', 'limited']


class Expiry(TypedDict):
    """The last day on which points can be used, counted from the programme's day on which they were earned.

    `fixed_days` n: the day that is n days later. `end_of_month` n: the last day of the month that is n months later.
    `calendar_year` n: 31 December, n years later. `sliding` n: n days after the member's last earning; each earning
    moves all regular lots. `none`: never; n says nothing then.
    """

    kind: Literal['none', 'fixed_days', 'end_of_month', 'calendar_year', 'sliding']
    n: NotRequired[int | None]


class Export(TypedDict):
    """What is kept about a member and whoever was merged into it. On later pages only what the chains tell goes on."""

    exported_at: str
    member: MemberAnswer
    merged: list[MemberAnswer]
    card_masked: str
    joined_at: str
    balance: Balance
    holds: list[HoldShown]
    coupons: list[dict[str, Any]]
    stamp_cards: list[dict[str, Any]]
    entries: list[EntryAnswer]
    purchases: list[dict[str, Any]]
    requests: list[dict[str, Any]]
    coupon_entries: list[dict[str, Any]]
    checkins: list[dict[str, Any]]
    approaches: list[dict[str, Any]]
    campaign_contacts: list[dict[str, Any]]
    next_cursor: NotRequired[str | None]


class Extend(TypedDict):
    ttl_seconds: int


class Fence(TypedDict):
    """The circle around a store within which a visitor counts as there."""

    store_id: str
    lat: float
    lon: float
    radius_m: int


class FencesAnswer(TypedDict):
    items: list[Fence]


class FoundAt(TypedDict):
    """Where a purchase is that its journal has on another day, or in another store."""

    store_id: NotRequired[str | None]
    business_day: str


class Given(TypedDict):
    """The reward of an answer: points on their way, and campaigns whose coupon is."""

    points: int
    campaigns: list[str]


class Guard(TypedDict):
    """What the guard looks for. `own_card`: whoever served has their own card on the receipt."""

    same_member: NotRequired[SameMember]
    unusual_amount: NotRequired[UnusualAmount]
    own_card: NotRequired[Watch]
    after_hours: NotRequired[AfterHours]
    not_in_journal: NotRequired[Watch]


class GuestHour(TypedDict):
    """An hour that had guests, by its beginning."""

    hour: str
    guests: int


class Guests(TypedDict):
    """Guests of a store by the hour of their check-in, those only who count (no repetitions, no refusals).

    `since` is from when on the hours are whole: later than asked for where there were more than 2,000 guests. `usual` has
    168 numbers, one for each hour of a week from Monday 00:00 UTC on, smoothed over some four weeks.
    """

    store_id: str
    since: str
    hours: list[GuestHour]
    usual: list[float]


class Here(TypedDict):
    """Where a key stands: its store's clock, business day and the shop's currency; without a store, the programme's."""

    store_id: NotRequired[str | None]
    store_name: NotRequired[str | None]
    terminal_id: NotRequired[str | None]
    time_zone: str
    business_day: str
    business_day_ends_at: str
    currency: str


class Hold(TypedDict):
    """Points kept for an order until they are captured, released, or the time is over."""

    hold_id: str
    member: MemberRef
    points: int
    order_ref: str
    ttl_seconds: NotRequired[int]


class HoldAnswer(TypedDict):
    hold_id: str
    state: Literal['held', 'captured', 'released']
    points: int
    captured: int
    released: int
    expires_at: NotRequired[str | None]
    balance: int


class HoldShown(TypedDict):
    hold_id: str
    points: int
    expires_at: str


class Identity(TypedDict):
    """How a member is known elsewhere; `phone` in E.164."""

    type: Literal['ec', 'card', 'app', 'line', 'oidc', 'phone']
    value: str


class IdentityAnswer(TypedDict):
    type: str
    value_masked: str


class IdentityValue(TypedDict):
    value: str


class ImportedCode(TypedDict):
    """What became of a row; the code itself is not repeated."""

    row: int
    status: Literal['created', 'unchanged', 'refused']
    errors: NotRequired[list[ImportedField] | None]


class ImportedCodes(TypedDict):
    results: list[ImportedCode]


class ImportedField(TypedDict):
    pointer: str
    code: str
    detail: str


class ImportedStore(TypedDict):
    """What became of a row; the first has the number 1. A refused row tells its `store_id` if it has a good one."""

    row: int
    store_id: NotRequired[str | None]
    status: Literal['created', 'updated', 'refused']
    errors: NotRequired[list[ImportedField] | None]


class ImportedStores(TypedDict):
    results: list[ImportedStore]


class IssueBatch(TypedDict):
    """The issues are judged one by one, so that a bad one harms no other."""

    issues: list[Any]


class IssueRequest(TypedDict):
    campaign_id: str
    member: MemberRef
    source_id: str
    order_ref: NotRequired[str | None]


class IssueResult(TypedDict):
    """What became of one issue of a batch: the status and body that it would have had alone."""

    source_id: str | None
    status: int
    body: dict[str, Any]


class IssueResults(TypedDict):
    results: list[IssueResult]


class JobAnswer(TypedDict):
    """How far a job has come. Without `download_url` a job that is done has no file any more: ordering it again makes one."""

    status: Literal['queued', 'running', 'done', 'failed']
    done: int
    total: int
    download_url: NotRequired[str | None]


class JournalLine(TypedDict):
    """A receipt as a till's journal has it: the total with tax, and the points that were printed on it."""

    purchase_id: str
    amount: int
    points: NotRequired[int | None]


class KeyAnswer(TypedDict):
    """A key as it may be shown; `secret` is there once, when it is made.

    `last_used` is a day (UTC), of the last 400. `older_until`: until when a secret is taken that a newer one replaced.
    """

    key_id: str
    owner: str
    kind: str
    scopes: list[str]
    store_id: NotRequired[str | None]
    terminal_id: NotRequired[str | None]
    partner_id: NotRequired[str | None]
    state: str
    created_at: str
    not_before: NotRequired[str | None]
    not_after: NotRequired[str | None]
    last_used: NotRequired[str | None]
    older_until: NotRequired[str | None]
    secret: NotRequired[str | None]


class KeyPage(TypedDict):
    items: list[KeyAnswer]
    next_cursor: str | None


class Keys(TypedDict):
    public_keys: list[PublicKey]


class Leave(TypedDict):
    """The member's own word that all of it is to go: `true`, or the member's id."""

    confirm: Literal[True] | str


class LeaveAnswer(TypedDict):
    """From when on nothing of the member can be brought back."""

    erase_after: str


class Left(TypedDict):
    """How much of a limit is used, and what is left of it; without a limit, only the first."""

    limit: NotRequired[int | None]
    used: int
    left: NotRequired[int | None]


Level = TypedDict(
    "Level",
    {
        "name": "str",
        "from": "int",
    },
)


class Liability(TypedDict):
    """What was outstanding at the end of a day. `paid` is the part of all of it that members bought for money."""

    on: str
    zone: str
    version: int
    total: int
    by_month: list[Outstanding]
    held: int
    pending: int
    debt: int
    paid: int
    members: int
    computed_at: str


class Lift(TypedDict):
    """What the coupon has brought a member on average, against those who were held out; what can't be told is missing.

    `relative` and `buyers_share` are shares: 0.1 is a tenth more money, or ten more buyers of a hundred members.
    """

    state: Literal['estimated', 'too_little_data', 'nobody_held_out']
    spent_per_member: NotRequired[Estimate | None]
    buyers_share: NotRequired[Estimate | None]
    relative: NotRequired[Estimate | None]


class Limits(TypedDict):
    total: NotRequired[int | None]
    per_member: NotRequired[int | None]
    per_store_day: NotRequired[int | None]
    budget: NotRequired[int | None]


class LineDiscount(TypedDict):
    line_id: str
    discount: int


class ListedCoupon(TypedDict):
    """No till is told the codes by a member's id alone: it gets them from its scan of a one-time code."""

    coupon_id: str
    campaign_id: str
    state: Literal['issued', 'held', 'redeemed', 'expired', 'voided']
    name: NotRequired[Name | None]
    min_purchase: NotRequired[int | None]
    source_id: str
    valid_from: str
    valid_until: NotRequired[str | None]
    offer: Offer
    redeemed_at: NotRequired[str | None]
    code: NotRequired[str | None]
    qr_payload: NotRequired[str | None]
    offline_token: NotRequired[str | None]


class ListedPage(TypedDict):
    items: list[ListedCoupon]
    next_cursor: str | None


class Location(TypedDict):
    """Where a phone says it is: with what accuracy, since when, and whether it admits to pretending."""

    lat: float
    lon: float
    accuracy_m: float
    captured_at: str
    is_mock: NotRequired[bool | None]


class Losses(TypedDict):
    count: int
    value: int


class LotTerms(TypedDict):
    """The lot that a rule's points go into: limited-time points (期間限定) are spent first."""

    kind: Literal['regular', 'limited']
    expiry: Expiry


class MemberAnswer(TypedDict):
    """A member as the shop and the member see it. `erase_after`: the member has asked to be erased then."""

    member_id: str
    display_name: NotRequired[str | None]
    identities: list[IdentityAnswer]
    tier: str
    consents: dict[str, ConsentAnswer]
    state: Literal['active', 'merged', 'erased']
    merged_into: NotRequired[str | None]
    erase_after: NotRequired[str | None]


class MemberCode(TypedDict):
    """What the member shows: the static code earns, the rotating one spends."""

    static: StaticCode
    rotating: RotatingCode


class MemberRef(TypedDict):
    """Exactly one way to say who is meant."""

    member_id: NotRequired[str]
    identity: NotRequired[Identity]
    code: NotRequired[str]
    scan: NotRequired[str]
    member_ref: NotRequired[str]


MergeAnswer = TypedDict(
    "MergeAnswer",
    {
        "merge_id": "str",
        "from": "str",
        "into": "str",
        "points_moved": "int",
    },
)


class MergeRequest(TypedDict):
    """`into_member_id` stays; the member of the path is merged into it."""

    merge_id: str
    into_member_id: str


class Missing(TypedDict):
    """A receipt that one side has and the other has not."""

    purchase_id: str
    amount: int
    points: NotRequired[int | None]
    found_at: NotRequired[FoundAt | None]


class MovementsAnswer(TypedDict):
    """What moved the balances of the members of this page of the list: sums of one page, to be added up over all.

    opening + issued + returned + adjusted + moved - spent - expired - held = closing. The list is in an order of its own
    that has nothing to do with who the members are. `left_out`: members with more than 1,000 entries since the first day.
    """

    members: int
    left_out: int
    opening: int
    closing: int
    days: list[DayMoved]
    next_cursor: str | None


class Name(TypedDict):
    ja: str
    en: str


class NearbyAnswer(TypedDict):
    items: list[NearbyStore]


class NearbyStore(TypedDict):
    """One store of the answer, the offers being the campaigns that are on there."""

    store_id: str
    name: str
    lat: float
    lon: float
    distance_m: int
    open_now: bool
    offers: list[CheckinOffered]


class NewIdentity(TypedDict):
    identity: Identity


class NewKey(TypedDict):
    """`owner` is who the key is given to: a person or a company. Two owners are needed for approvals."""

    key_id: NotRequired[str | None]
    owner: str
    kind: Literal['ec', 'pos', 'partner', 'operator']
    scopes: NotRequired[list[str] | None]
    store_id: NotRequired[str | None]
    terminal_id: NotRequired[str | None]
    partner_id: NotRequired[str | None]
    not_before: NotRequired[str | None]
    not_after: NotRequired[str | None]


class NewMe(TypedDict):
    """What a signed-in person may say on joining."""

    display_name: NotRequired[str | None]
    consents: NotRequired[dict[str, Consent]]


class NewMember(TypedDict):
    """`member_id` is a pseudonym that the shop chooses: never an e-mail address, phone or card number."""

    member_id: NotRequired[str | None]
    identities: NotRequired[list[Identity]]
    display_name: NotRequired[str | None]
    consents: NotRequired[dict[str, Consent]]


class NewWebhook(TypedDict):
    """Where events of these types shall be sent; a type is written `points.earned` or `omotenashi.points.earned.v1`."""

    webhook_id: str
    url: str
    types: list[str]


class NextTier(TypedDict):
    name: str
    missing: int


class NotApplied(TypedDict):
    """Why a code took nothing off. Only for the owner's own coupon does a reader of coupons learn what is wrong."""

    code: str
    reason: Literal['minimum_not_met', 'wrong_store', 'wrong_channel', 'not_stackable', 'no_eligible_item', 'not_yet_valid', 'limit_reached'] | Literal['code_not_usable', 'used', 'held', 'expired', 'paused', 'asleep', 'taken_back', 'other_order']


class Offer(TypedDict):
    """What a coupon is worth. `skus` and `categories` name the items that it is for, either is enough; none: all.

    `value` is money in minor units, whole percent, the number of items that are free (1 if not said), or points.
    """

    type: Literal['amount_off', 'percent_off', 'item_free', 'bonus_points']
    value: NotRequired[int]
    max_discount: NotRequired[int | None]
    skus: NotRequired[list[str] | None]
    categories: NotRequired[list[str] | None]


class Outstanding(TypedDict):
    """Points that end in one month, alike in kind, source and consideration. No month: they never end."""

    month: str | None
    kind: Literal['regular', 'limited']
    consideration: Literal['free', 'paid']
    source: Literal['purchase', 'award', 'checkin', 'action', 'adjustment', 'coupon']
    points: int


class Parked(TypedDict):
    """Every parking place, also those where nothing lies."""

    places: list[ParkingPlace]


class ParkingPlace(TypedDict):
    """A service's inbox, or the alarms of the hourly jobs. `is_whole`: false where more than 100 lie there."""

    place: str
    count: int
    is_whole: bool
    latest_at: NotRequired[str | None]
    causes: list[Cause]


class Partner(TypedDict):
    name: str
    budget: Budget
    caps: NotRequired[Caps]
    state: NotRequired[Literal['active', 'paused']]


class PartnerAnswer(TypedDict):
    name: str
    budget: Budget
    caps: NotRequired[Caps]
    state: NotRequired[Literal['active', 'paused']]
    partner_id: str
    version: int


class Pause(TypedDict):
    """`PUT /v1/stores/{store_id}/rewards-pause`."""

    paused: bool
    reason: NotRequired[str | None]


class PauseAnswer(TypedDict):
    paused: bool
    reason: NotRequired[str | None]
    store_id: str


class Pending(TypedDict):
    """From when on points are available, by channel; a payment that is named goes before its channel.

    `complete`: a placed purchase's points pend until it is complete, a completed one's are available at once.
    `{"days": n}`: they become available where the programme's day begins that is n days after the day of completion.
    """

    ec: NotRequired[Literal['complete'] | Days]
    pos: NotRequired[Literal['complete'] | Days]
    payments: NotRequired[dict[str, Literal['complete'] | Days] | None]


class PointsExplained(TypedDict):
    rule: str
    points: int
    detail: str


class PointsLine(TypedDict):
    """One line of a receipt: `amount` is the line's total without tax after all discounts."""

    line_id: str
    sku: NotRequired[str | None]
    category: NotRequired[str | None]
    quantity: int
    amount: int
    tax: NotRequired[int]
    tax_rate_bp: NotRequired[int | None]


class PointsOffered(TypedDict):
    coupon_id: str
    code: NotRequired[str | None]
    offer: dict[str, Any]
    valid_until: NotRequired[str | None]


class PresenceCode(TypedDict):
    """What a store's screen shows for half a minute: a code to type, and the same as the payload of a QR.

    `valid_for_ms` is what is left of it, for a screen whose clock is wrong.
    """

    code: str
    qr_payload: str
    valid_until: str
    valid_for_ms: int
    store_name: str


class Preview(TypedDict):
    """Each basket in the order sent, and what all of them come to."""

    results: list[Previewed]
    fitting: int
    amount: int
    discount_total: int
    bonus_points_total: int


class PreviewRequest(TypedDict):
    """A campaign as it would be made, and up to 100 baskets: each is judged alone, on the campaign's first day.

    Limits are not counted: it is what one coupon does to each basket.
    """

    campaign: CampaignRequest
    baskets: list[Bought]


class Previewed(TypedDict):
    """What the coupon does to one basket; the reason where it does not fit."""

    amount: int
    discount: int
    bonus_points: NotRequired[int]
    reason: NotRequired[Literal['minimum_not_met', 'wrong_store', 'wrong_channel', 'not_stackable', 'no_eligible_item', 'not_yet_valid', 'limit_reached'] | None]


class Problem(TypedDict):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    retryable: bool
    request_id: str
    errors: NotRequired[list[ProblemField] | None]


class ProblemField(TypedDict):
    """One faulty field: its JSON pointer, what kind of fault, and a sentence."""

    pointer: str
    code: str
    detail: str


class Programme(TypedDict):
    """The settings of a programme; without any, the default programme.

    `refund_expired` and `clawback` speak of returns. Claw-back takes earned points back; what the member has spent
    meanwhile becomes debt that the next earning pays (`debt`), is let go (`clamp`), or keeps the return from being
    taken (`refuse`). `receipt_claim_days`: a receipt without a member can be claimed so long after the purchase.
    `premium_class` says whether the law on premiums looks at the points (`points.premium`). `member_code_prefix`: what
    static member codes are shown with; every prefix from 20 to 29 is read, so cards printed before keep their member.
    `guard`: what the insider guard looks for at tills (`points.guard_rules`), and what follows. `erasure_grace_days`: for
    so long a member who wants to be erased may still stay. `retention`: when what is over is gone.
    """

    version: NotRequired[int]
    zone: NotRequired[str]
    currency: NotRequired[str]
    earning: NotRequired[list[Rule]]
    basis: NotRequired[Basis]
    rounding: NotRequired[Rounding]
    expiry: NotRequired[Expiry]
    refund_expired: NotRequired[RefundExpired]
    clawback: NotRequired[Literal['debt', 'clamp', 'refuse']]
    spending: NotRequired[Spending]
    pending: NotRequired[Pending]
    tiers: NotRequired[Tiers]
    approval_above: NotRequired[int]
    pos_spend_needs_presence: NotRequired[bool]
    receipt_claim_days: NotRequired[int]
    premium_class: NotRequired[Literal['self_discount', 'premium']]
    member_code_prefix: NotRequired[str]
    guard: NotRequired[Guard]
    erasure_grace_days: NotRequired[int]
    retention: NotRequired[Retention]


class ProgrammePage(TypedDict):
    items: list[StampProgramme]
    next_cursor: str | None


class PublicKey(TypedDict):
    """A key that tokens and allowances are signed with: Ed25519, 32 bytes as base 64 for URLs."""

    kid: str
    key: str


class Purchase(TypedDict):
    """A receipt."""

    purchase_id: str
    source: Literal['ec', 'pos']
    member: NotRequired[MemberRef | None]
    store_id: NotRequired[str | None]
    terminal_id: NotRequired[str | None]
    staff_id: NotRequired[str | None]
    occurred_at: str
    currency: NotRequired[str | None]
    state: Literal['placed', 'completed']
    lines: list[PointsLine]
    taxes: NotRequired[list[RateTax]]
    points_used: NotRequired[int]
    hold_id: NotRequired[str | None]
    redemption_ids: NotRequired[list[str]]
    payment: NotRequired[str | None]
    order_ref: NotRequired[str | None]


class PurchaseAnswer(TypedDict):
    """What a purchase earned, and why. `balance` is what is available after it; null without a member."""

    purchase_id: str
    source: Literal['ec', 'pos']
    member_id: str | None
    state: str
    points: PurchasePoints
    balance: int | None
    explain: list[PointsExplained]


class PurchasePoints(TypedDict):
    pending: int
    available: int


class RateTax(TypedDict):
    """The tax of all lines of one rate (basis points), for tills that know no more."""

    rate_bp: int
    amount: int


class ReceiptClaim(TypedDict):
    """A receipt that was issued without a member. `amount` is its total with tax, as printed."""

    receipt_claim_id: str
    source: Literal['ec', 'pos']
    purchase_id: str
    amount: int


class Reconciliation(TypedDict):
    """The journal of one store and business day, whole: what is not in it counts as missing."""

    reconciliation_id: str
    store_id: str
    business_day: str
    lines: list[JournalLine]


class RedemptionAnswer(TypedDict):
    redemption_id: str
    state: Literal['redeemed', 'held']
    discount_total: int
    applied: list[Applied]
    redeemed_at: NotRequired[str | None]
    held_until: NotRequired[str | None]


class RedemptionRequest(TypedDict):
    channel: Literal['ec', 'pos']
    store_id: NotRequired[str | None]
    redemption_id: str
    codes: list[str]
    member: NotRequired[MemberRef | None]
    basket: Basket
    order_ref: str
    hold_seconds: NotRequired[int | None]


class RefundExpired(TypedDict):
    """What becomes of points used that come back after their last day.

    `forfeit`: they are gone at once. `grace`: they can be used for `days` more days. `reissue`: they come back as new
    points, with the last day of points earned on the day of the return.
    """

    kind: NotRequired[Literal['forfeit', 'grace', 'reissue']]
    days: NotRequired[int | None]


Replay = TypedDict(
    "Replay",
    {
        "from": "str",
    },
)


class ReplayAnswer(TypedDict):
    webhook_id: str
    state: NotRequired[Literal['replaying']]


class Resolution(TypedDict):
    """Who has looked into it, when, and what it was."""

    verdict: Literal['harmless', 'mistake', 'fraud']
    by: str
    at: str


class Resolve(TypedDict):
    member: MemberRef


class ResolveAlert(TypedDict):
    """What an alert turned out to be."""

    verdict: Literal['harmless', 'mistake', 'fraud']


class Resolved(TypedDict):
    """The till's one scan. `scan` stands for this member at this terminal until `scan_expires_at`."""

    member_id: str
    display_name: NotRequired[str | None]
    balance: int
    tier: str
    code_level: Literal['none', 'static', 'rotating']
    scan: str
    scan_expires_at: str
    coupons: list[PointsOffered]


class Retention(TypedDict):
    """Days after which rows with personal data are gone. None may be so short that what needs the row would miss it.

    `deliveries_days`: what was sent to webhooks, and can be sent again. `sales_days`: each store's sales by day, which
    the close of a day, `omo reconcile` and the insider guard look at. `guard_days`: what a member bought at a till on a
    day, for the guard. `parked_days`: messages that could not be handled, until somebody does them again.
    """

    deliveries_days: NotRequired[int]
    sales_days: NotRequired[int]
    guard_days: NotRequired[int]
    parked_days: NotRequired[int]


class Return(TypedDict):
    """`all`, or the lines that come back, each named once."""

    return_id: str
    channel: Literal['ec', 'pos']
    all: NotRequired[Literal[True] | None]
    lines: NotRequired[list[ReturnLine] | None]


class ReturnAnswer(TypedDict):
    return_id: str
    purchase_id: str
    points: ReturnPoints
    balance: int | None
    explain: list[PointsExplained]


class ReturnLine(TypedDict):
    """A line that comes back: a quantity of it, or an amount (without tax), or all that is left of it."""

    line_id: str
    quantity: NotRequired[int | None]
    amount: NotRequired[int | None]


class ReturnPoints(TypedDict):
    """What a return does to the points.

    `clawed_back`: earned points taken back, `debt` of them as debt. `given_back`: points used that can be used again;
    `forfeited`: those whose last day is over.
    """

    clawed_back: int
    given_back: int
    forfeited: int
    debt: int


class Reverse(TypedDict):
    """Undo the caller's own operation. `source` is for a purchase; a till's are all `pos`."""

    reverse_id: str
    kind: Literal['purchase', 'award', 'spend', 'hold']
    source: NotRequired[Literal['ec', 'pos'] | None]


class ReverseAnswer(TypedDict):
    """`not_arrived`: there was nothing to undo, and the id is closed for good."""

    reverse_id: str
    kind: str
    id: str
    state: Literal['reversed', 'not_arrived']
    balance: NotRequired[int | None]


class ReviewAnswer(TypedDict):
    """A check-in that waits, or waited, for people: for their eyes the reason, and what it would be paid."""

    review_id: str
    checkin_id: str
    store_id: str
    member_id: str
    business_day: str
    occurred_at: str
    evidence_level: int
    reason: str
    distance_m: Span | None
    reward: Given
    state: Literal['pending', 'approved', 'rejected']


class ReviewBatch(TypedDict):
    """Decisions, each judged by itself, so that a bad one harms no other."""

    reviews: list[Any]


class ReviewPage(TypedDict):
    items: list[ReviewAnswer]
    next_cursor: str | None


class ReviewResult(TypedDict):
    """What became of one decision of a batch: the status and body that it would have had alone."""

    review_id: str | None
    status: int
    body: dict[str, Any]


class ReviewResults(TypedDict):
    results: list[ReviewResult]


class Reward(TypedDict):
    """What a check-in with at least this level of evidence gets."""

    min_level: NotRequired[int]
    points: NotRequired[int]
    campaign_id: NotRequired[str | None]


class Rolling(TypedDict):
    rolling_months: int


class Rotate(TypedDict):
    """For how long the secrets of before still sign as well."""

    overlap_seconds: NotRequired[int]


class RotatingCode(TypedDict):
    """Good for one spending within its half minute, one step of clock skew forgiven."""

    value: str
    qr_payload: str
    code128: str
    valid_until: str
    step_seconds: int


class Rotation(TypedDict):
    """For how long the secrets that a key had go on beside its new one. `rotate_id` makes a retry harmless."""

    rotate_id: NotRequired[str | None]
    overlap_seconds: int


class Rounding(TypedDict):
    """How fractions of a point are rounded, and whether for each line or once over the order's exact sum.

    Line by line is what Rakuten does: 1,800 + 380 + 100 yen at half the rate are 9 + 1 + 0 = 10 points; over the order
    they are 11.
    """

    mode: NotRequired[Literal['floor', 'half_up', 'ceil']]
    scope: NotRequired[Literal['line', 'order']]


class Rule(TypedDict):
    rule_id: str
    kind: Literal['base', 'multiplier', 'bonus']
    points: NotRequired[int | None]
    per_amount: NotRequired[int | None]
    factor: NotRequired[str | None]
    when: NotRequired[When | None]
    cap: NotRequired[Cap | None]
    lot: NotRequired[LotTerms | None]


class RuleCost(TypedDict):
    """What one rule gives; of a rule that one of the two programmes does not have, 0 there."""

    rule_id: str
    in_force: int
    proposed: int


class Run(TypedDict):
    first: int
    last: int


class SameMember(TypedDict):
    """One member so often at one till on one business day."""

    outcome: NotRequired[Literal['off', 'alert', 'hold', 'block']]
    per_day: NotRequired[int]


class Settings(TypedDict):
    """A whole programme, with the version that it was read at. What is left out has its default."""

    version: int
    zone: NotRequired[str]
    currency: NotRequired[str]
    earning: NotRequired[list[Rule]]
    basis: NotRequired[Basis]
    rounding: NotRequired[Rounding]
    expiry: NotRequired[Expiry]
    refund_expired: NotRequired[RefundExpired]
    clawback: NotRequired[Literal['debt', 'clamp', 'refuse']]
    spending: NotRequired[Spending]
    pending: NotRequired[Pending]
    tiers: NotRequired[Tiers]
    approval_above: NotRequired[int]
    pos_spend_needs_presence: NotRequired[bool]
    receipt_claim_days: NotRequired[int]
    premium_class: NotRequired[Literal['self_discount', 'premium']]
    member_code_prefix: NotRequired[str]
    guard: NotRequired[Guard]
    erasure_grace_days: NotRequired[int]
    retention: NotRequired[Retention]


class ShownCard(TypedDict):
    """A member's card. `stamps` may be below 0: a coupon was used, and purchases that had earned it came back."""

    programme_id: str
    stamps: int
    needed: int
    completed: int
    expires_on: NotRequired[str | None]


class Simulation(TypedDict):
    """A programme as `PUT /v1/programme` takes it (its version is not looked at), and which days' purchases to judge.

    By when they were made (`occurred_at`), both days included, at most 92; and where to go on.
    """

    programme: Settings
    since: str
    until: str
    cursor: NotRequired[str | None]


class SimulationAnswer(TypedDict):
    """What the members of this page of the list would have been given: sums of one page, to be added up over all.

    The list is in an order of its own that has nothing to do with who the members are, so the first pages are a fair
    sample. `left_out`: members with more than 1,000 entries since the first of these days.
    """

    version: int
    members: int
    left_out: int
    purchases: int
    amount: int
    in_force: int
    proposed: int
    rules: list[RuleCost]
    next_cursor: str | None


class Span(TypedDict):
    """Between two distances; exact ones are not kept."""

    at_least: int
    at_most: int


class Spend(TypedDict):
    spend_id: str
    member: MemberRef
    points: int
    order_ref: str


class SpendAnswer(TypedDict):
    spend_id: str
    points: int
    balance: int


class Spending(TypedDict):
    """Points are spent at least `min` at a time, in multiples of `step`, up to so much of an order (basis points)."""

    min: NotRequired[int]
    step: NotRequired[int]
    max_share_bp: NotRequired[int]


class Stacking(TypedDict):
    """How a coupon goes together with those of other campaigns. A small priority is applied first."""

    group: NotRequired[str | None]
    exclusive: NotRequired[bool]
    priority: NotRequired[int]


class StaffAnswer(TypedDict):
    member_id: str
    staff_id: str


class StaffCard(TypedDict):
    """Which member somebody is who serves at tills."""

    member_id: str


class StaffScan(TypedDict):
    """`POST /v1/checkins`: a member of staff saw the guest. A till's key brings its store."""

    checkin_id: str
    store_id: NotRequired[str | None]
    member: MemberRef


class StampProgramme(TypedDict):
    """A business day takes stamps until it has had `per_day`; `expires_days` runs from the day of the latest stamp."""

    programme_id: str
    name: Name | str
    stamps: int
    by: Literal['purchase', 'spend', 'visit', 'manual']
    spend_per_stamp: NotRequired[int | None]
    per_day: NotRequired[int]
    campaign_id: str
    expires_days: NotRequired[int | None]


class StampRequest(TypedDict):
    stamp_id: str
    member: MemberRef
    programme_id: str
    count: NotRequired[int]


class Stamped(TypedDict):
    """A grant, and the card right after it; `coupons` are those that it earned."""

    programme_id: str
    stamps: int
    needed: int
    completed: int
    expires_on: NotRequired[str | None]
    stamp_id: str
    count: int
    coupons: list[str]


class Statement(TypedDict):
    """A month of the programme's zone: how many awards stand, their points, and the points of those taken back."""

    month: str
    zone: str
    lines: list[StatementLine]
    awards: int
    points: int
    reversed: int


class StatementLine(TypedDict):
    """An award that the member got, and whether it was taken back, be it in a later month."""

    award_id: str
    member_ref: str
    points: int
    occurred_at: str
    state: Literal['given', 'reversed']


class StaticCode(TypedDict):
    value: str
    ean13: str
    code128: str


class Stats(TypedDict):
    """A campaign's figures so far. `redeemed`, sums and averages are of the redemptions that stand."""

    campaign_id: str
    state: Literal['draft', 'active', 'paused', 'ended']
    issued: int
    codes_made: int
    shown: int
    held: int
    redeemed: int
    voided: int
    released: int
    expired: int
    taken_back: int
    discount_total: int
    bonus_points_total: int
    total: Left
    budget: Left
    uplift: Uplift
    attribution: NotRequired[Attributed | None]
    as_of: str


class Store(TypedDict):
    """A store as check-in knows it; who has paused its rewards is never said by the store's body."""

    name: str
    lat: float
    lon: float
    radius_m: NotRequired[int]
    dwell_seconds: NotRequired[int | None]
    time_zone: str
    cutoff_hour: NotRequired[int]
    hours: NotRequired[dict[str, list[list[Any]]] | None]
    rewards: NotRequired[list[Reward]]
    state: NotRequired[Literal['open', 'closed']]
    store_id: str
    rewards_paused: NotRequired[bool]
    paused_by: NotRequired[Literal['operator', 'anomaly'] | None]


class StoreBody(TypedDict):
    """The body of `PUT /v1/stores/{store_id}`; where it repeats the id, the route compares the two."""

    name: str
    lat: float
    lon: float
    radius_m: NotRequired[int]
    dwell_seconds: NotRequired[int | None]
    time_zone: str
    cutoff_hour: NotRequired[int]
    hours: NotRequired[dict[str, list[list[Any]]] | None]
    rewards: NotRequired[list[Reward]]
    state: NotRequired[Literal['open', 'closed']]
    store_id: NotRequired[str | None]


class StoreDay(TypedDict):
    """A campaign's day at a store; without a store: in the web shop, or nowhere in particular.

    `exposed` and `held_out` are members on the day on which the campaign reached them, or would have; check-ins and sales
    are those in their windows.
    """

    business_day: str
    store_id: NotRequired[str | None]
    exposed: int
    held_out: int
    visits: int
    held_out_visits: int
    redeemed: int
    sales: int
    held_out_sales: int
    amount: int
    held_out_amount: int


class StoreDays(TypedDict):
    items: list[StoreDay]
    next_cursor: str | None


class StoreImport(TypedDict):
    """A FeatureCollection of stores, judged one by one; as CSV, one a row."""

    type: Literal['FeatureCollection']
    features: list[Any]
    crs: NotRequired[dict[str, Any] | None]


class StorePage(TypedDict):
    """A page may hold fewer stores than asked for, none too, and still have a next one: so far it has been searched."""

    items: list[Store]
    next_cursor: str | None


class StoreQr(TypedDict):
    """The text of a store's printed QR."""

    store_id: str
    qr_payload: str


class SyncRequest(TypedDict):
    """The items are judged one by one, so that a bad one harms no other."""

    items: list[Any]


class SyncResult(TypedDict):
    """What became of an item. `first` is the outcome that a duplicate had at first, `discount` what is booked for it."""

    id: str | None
    outcome: Literal['applied', 'duplicate', 'conflict_absorbed', 'conflict_refused', 'expired_but_honoured']
    first: NotRequired[Literal['applied', 'duplicate', 'conflict_absorbed', 'conflict_refused', 'expired_but_honoured'] | None]
    discount: NotRequired[int | None]
    code: NotRequired[str | None]
    reason: NotRequired[str | None]
    detail: NotRequired[str | None]
    errors: NotRequired[list[dict[str, Any]] | None]


class SyncResults(TypedDict):
    results: list[SyncResult]


class TerminalDay(TypedDict):
    """What a till's day without a line cost, within its allowance and beyond, and which of its numbers never came.

    `missing` and `repeated` are of the till's whole life as far as it is known, not of the day.
    """

    terminal_id: str
    store_id: str
    business_day: str
    max_redemptions: int
    max_value: int
    absorbed: Losses
    refused: Losses
    last_seq: NotRequired[int | None]
    missing: list[Run]
    repeated: int


class Tier(TypedDict):
    """`until`: the last day on which the tier lasts if nothing more is earned; missing if it lasts."""

    name: str
    earned_in_window: int
    until: NotRequired[str | None]
    next: NotRequired[NextTier | None]


class Tiers(TypedDict):
    """The levels, from 0 upwards."""

    window: NotRequired[Literal['calendar_year'] | Rolling]
    levels: NotRequired[list[Level]]


class Trigger(TypedDict):
    """The event that issues a coupon by itself, and what its data must say for that.

    Any type of event that is about a member and does not come of coupons being issued; or `trigger.` and what the
    shop's own systems call it when they tell us (`POST /v1/triggers`).
    """

    event: str
    filter: NotRequired[dict[str, Any]]


class TriggerAnswer(TypedDict):
    """`campaigns`: those whose coupon is on its way. One that has run out meanwhile issues none."""

    trigger_id: str
    type: str
    campaigns: list[str]


class TriggerRequest(TypedDict):
    """Something that happened to a member outside of this software; campaigns name it `trigger.<type>`.

    `data` is whatever those systems have to say, and is not kept: a filter finds texts, whole numbers and booleans in it.
    """

    trigger_id: str
    type: str
    member: MemberRef
    data: NotRequired[dict[str, Any] | None]


class UnmergeRequest(TypedDict):
    """The merge to be ended; it must be the one in force."""

    merge_id: str


class UnusualAmount(TypedDict):
    """What one member bought at one till on one business day is more than `times` what the store's largest sales come to.

    That is the 99th percentile of the fourteen days before. Less than `at_least` is never too much; until a store has
    a past, more than `without_past` is. All in minor units.
    """

    outcome: NotRequired[Literal['off', 'alert', 'hold', 'block']]
    times: NotRequired[int]
    at_least: NotRequired[int]
    without_past: NotRequired[int]


class Uplift(TypedDict):
    """What the baskets were worth on which coupons of a campaign were redeemed; averages, rounded down, of at least one."""

    redeemed_basket_amount: int
    average_basket_amount: NotRequired[int | None]
    average_discount: NotRequired[int | None]


class ValidationAnswer(TypedDict):
    discount_total: int
    applied: list[Applied]
    refused: list[NotApplied]


class ValidationRequest(TypedDict):
    channel: Literal['ec', 'pos']
    store_id: NotRequired[str | None]
    codes: NotRequired[list[str]]
    member: NotRequired[MemberRef | None]
    basket: Basket


class VoidAnswer(TypedDict):
    redemption_id: str
    state: Literal['voided', 'not_arrived']
    coupons: list[Coupon]


class VoidRequest(TypedDict):
    void_id: str


class Watch(TypedDict):
    """What follows where a rule finds something.

    `alert`: people are told. `hold`: besides, what the member earns in that store waits until somebody with
    `points:admin` completes it. `block`: besides, the till may write nothing. Both until the alert is resolved.
    """

    outcome: NotRequired[Literal['off', 'alert', 'hold', 'block']]


class WebhookAnswer(TypedDict):
    """An endpoint. `secret` is there once, when it is made; `disabled_*` where it was given up."""

    webhook_id: str
    url: str
    types: list[str]
    state: Literal['active', 'disabled']
    created_at: str
    disabled_at: NotRequired[str | None]
    disabled_reason: NotRequired[str | None]
    secret: NotRequired[str | None]


class WebhookPage(TypedDict):
    items: list[WebhookAnswer]
    next_cursor: str | None


When = TypedDict(
    "When",
    {
        "channels": "NotRequired[list[Literal['ec', 'pos']] | None]",
        "store_ids": "NotRequired[list[str] | None]",
        "categories": "NotRequired[list[str] | None]",
        "tiers": "NotRequired[list[str] | None]",
        "from": "NotRequired[str | None]",
        "until": "NotRequired[str | None]",
        "first_purchase": "NotRequired[bool | None]",
        "actions": "NotRequired[list[str] | None]",
    },
)


class WhoAmI(TypedDict):
    """The caller of a request."""

    kind: str
    scopes: list[str]
    key_id: NotRequired[str | None]
    member_id: NotRequired[str | None]
    store_id: NotRequired[str | None]
    terminal_id: NotRequired[str | None]
    partner_id: NotRequired[str | None]
