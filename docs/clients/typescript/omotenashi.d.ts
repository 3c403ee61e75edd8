// Made by `omo openapi --renew` of docs/clients/openapi.json: do not edit.
// Types only: nothing of it is left at run time. docs/clients/README.md shows how to call with them.

/** Something a member did. `type` is what the programme's rules call it; without `occurred_at` it was now. */
export interface Action {
  action_id: string;
  member: MemberRef;
  type: string;
  occurred_at?: string | null;
  staff_id?: string | null;
}

/** What an action earned, and why; less than its rules say, down to nothing, where a cap is reached. */
export interface ActionAnswer {
  action_id: string;
  points: number;
  balance: number;
  explain: PointsExplained[];
}

export interface ActivateRequest {
  activate_id: string;
  member?: MemberRef | null;
}

/** `points` are given, or taken if negative. `paid`: points that the member has bought for money. */
export interface Adjustment {
  adjustment_id: string;
  member: MemberRef;
  points: number;
  reason: string;
  consideration?: "free" | "paid";
}

/** `awaiting_approval`: nothing has changed yet; somebody else must approve it. */
export interface AdjustmentAnswer {
  adjustment_id: string;
  state: "adjusted" | "awaiting_approval";
  points?: number | null;
  balance?: number | null;
}

/** Sold while the store was closed for longer than `grace_minutes` before and after. */
export interface AfterHours {
  outcome?: "off" | "alert" | "hold" | "block";
  grace_minutes?: number;
}

/**
 * What one rule has found of one member at one till on one business day, said once.
 *
 * `evidence` names the first hundred purchases; `waiting` those whose points wait because of it.
 */
export interface Alert {
  alert_id: string;
  rule: "same_member" | "unusual_amount" | "own_card" | "after_hours" | "not_in_journal";
  outcome: "alert" | "hold" | "block";
  state: "open" | "resolved";
  store_id: string;
  terminal_id?: string | null;
  member_id: string;
  staff_ids: string[];
  business_day: string;
  opened_at: string;
  evidence: Evidence[];
  waiting: string[];
  text: string;
  resolution?: Resolution | null;
}

export interface AlertPage {
  items: Alert[];
  next_cursor: string | null;
}

/** What a till may give away; `signature` is over all other fields, by the first of the keys. */
export interface AllowanceAnswer {
  public_keys: PublicKey[];
  allowance_id: string;
  terminal_id: string;
  store_id: string;
  business_day: string;
  max_redemptions: number;
  max_value: number;
  expires_at: string;
  signature: string;
}

/** A till's `terminal_id` and `store_id` are those of its key; others name the till, and its store if need be. */
export interface AllowanceRequest {
  allowance_id: string;
  terminal_id?: string | null;
  business_day: string;
  store_id?: string | null;
}

export interface Applied {
  code: string;
  coupon_id: string;
  discount: number;
  lines: LineDiscount[];
  explain: CouponsExplained[];
}

/** The same, whether anybody hears of it or not. */
export interface ApproachAnswer {
  approach_id: string;
  store_id: string;
}

/** `POST /v1/me/approaches`: the phone has crossed the fence around a store. */
export interface ApproachBody {
  approach_id: string;
  store_id: string;
}

/**
 * The members of one arm, each counted once: how many, their check-ins and purchases after they were exposed.
 *
 * `spent` is without tax and less what was returned; `mean_spent` is of all members of the arm.
 */
export interface Arm {
  members: number;
  visits: number;
  buyers: number;
  spent: number;
  mean_spent?: number | null;
}

/** What the phone's platform says of phone and app: the encrypted text of Google Play's integrity verdict. */
export interface Attestation {
  kind: "play_integrity";
  token: string;
}

/** What members did in the window after a campaign had reached them, or would have. For a campaign that is measured. */
export interface Attributed {
  window_hours?: number | null;
  holdout_share_bp?: number | null;
  treated: Arm;
  held_out: Arm;
  lift: Lift;
}

/**
 * That a campaign is measured, and how. `holdout_share_bp`: of its members, in hundredths of a per cent, get none.
 *
 * A member's purchases count for `window_hours` from the first coupon, or from when it would have been issued.
 */
export interface Attribution {
  window_hours?: number;
  holdout_share_bp?: number;
}

/**
 * The chain that is wrong, the number of its entry and what is wrong there; what lies between chains may have neither.
 *
 * Chains and words name things by their ids, members by theirs, which are pseudonyms. Nothing else is said of anybody.
 */
export interface AuditFault {
  chain?: string | null;
  number?: number | null;
  words: string;
}

/**
 * The last audit of all books: when it ran, how many chains and entries it read, and what is wrong.
 *
 * `fault_count`: how many faults it found; it counts a thousand at most. `faults`: the first twenty of them.
 */
export interface AuditNote {
  began_at: string;
  ended_at: string;
  chains: number;
  entries: number;
  fault_count: number;
  faults: AuditFault[];
}

/** Points that a partner gives out of its budget. */
export interface Award {
  award_id: string;
  member: MemberRef;
  points: number;
  reason: string;
  occurred_at?: string | null;
}

export interface AwardAnswer {
  award_id: string;
  member_ref: string;
  points: number;
  budget_left: number;
}

/**
 * `available` is less the debt. `expiring.on` is the last day on which the points can be used.
 *
 * `paid`: the points there that the member has bought for money, if any. They can be used whatever the debt.
 */
export interface Balance {
  member_id: string;
  available: number;
  pending: number;
  held: number;
  debt: number;
  paid?: number | null;
  as_of: string;
  expiring: Expiring[];
  tier: Tier;
}

/** What of a line earns: its amount, with tax or without; less its share of the points used, or not. */
export interface Basis {
  tax?: "excl" | "incl";
  deduct_points_used?: boolean;
}

export interface Basket {
  currency?: string | null;
  lines: CouponsLine[];
}

/** Up to 100 purchases. Each is validated by itself, so that a bad one harms no other. */
export interface Batch {
  purchases: unknown[];
}

export interface BatchAnswer {
  results: Record<string, unknown>[];
}

/** A basket, and where it is bought. */
export interface Bought {
  channel: "ec" | "pos";
  store_id?: string | null;
  basket: Basket;
}

/** `monthly`: so many points a month of the programme's zone; `prepaid`: so many until it is raised. */
export interface Budget {
  kind: "monthly" | "prepaid";
  points: number;
}

export interface BudgetAnswer {
  kind: string;
  period?: string | null;
  budget: number;
  used: number;
  left: number;
}

/** A PATCH. A field that is not sent stays; `null` takes an optional field away. */
export interface CampaignChange {
  name?: Name | null;
  valid_until?: string | null;
  limits?: Limits | null;
  stores?: string[] | null;
  attribution?: Attribution | null;
}

export interface CampaignPage {
  items: CampaignTold[];
  next_cursor: string | null;
}

/** A campaign as it is sent. Coupons begin and end with days, so a time counts as its day by the programme's clock. */
export interface CampaignRequest {
  offer: Offer;
  valid_from: string;
  valid_until?: string | null;
  min_purchase?: number | null;
  channels?: ("ec" | "pos")[] | null;
  stores?: string[] | null;
  stacking?: Stacking;
  campaign_id: string;
  name: Name;
  valid_days?: number | null;
  limits?: Limits;
  trigger?: Trigger | null;
  price_points?: number | null;
  claimable?: boolean;
  code?: CodeSettings;
  bind?: "order_ref" | null;
  attribution?: Attribution | null;
  state?: "draft" | "active" | "paused" | "ended";
}

/** A campaign as the operator reads it: with the one code that all share, where there is one. */
export interface CampaignTold {
  offer: Offer;
  valid_from: string;
  valid_until?: string | null;
  min_purchase?: number | null;
  channels?: ("ec" | "pos")[] | null;
  stores?: string[] | null;
  stacking?: Stacking;
  campaign_id: string;
  name: Name;
  valid_days?: number | null;
  limits?: Limits;
  trigger?: Trigger | null;
  price_points?: number | null;
  claimable?: boolean;
  code?: CodeSettings;
  bind?: "order_ref" | null;
  attribution?: Attribution | null;
  state?: "draft" | "active" | "paused" | "ended";
  shared_code?: string | null;
}

/** At most so many points of a rule for one member: on one day of the programme, and ever. */
export interface Cap {
  per_day?: number | null;
  per_member?: number | null;
}

export interface Caps {
  per_award?: number;
  per_member_day?: number;
  per_day?: number;
}

/** How many of the held points are used; all of them if nothing is said. */
export interface Capture {
  points?: number | null;
}

export interface CardPage {
  items: ShownCard[];
  next_cursor: string | null;
}

/** What went wrong: the code of a refusal, or the name of an error. */
export interface Cause {
  cause: string;
  count: number;
}

/** What a check-in shows between these times, with the second fix. The same, wherever the phone was. */
export interface ChallengeAnswer {
  challenge: string;
  not_before: string;
  expires_at: string;
}

/** `POST /v1/me/checkins/challenges`: the first of two fixes, where a store asks its guests to stay. */
export interface ChallengeBody {
  challenge_id: string;
  store_id: string;
  location: Location;
  device_id?: string | null;
}

/** The answer to a check-in. It never says why nothing was given: that would teach a cheat. */
export interface CheckinAnswer {
  checkin_id: string;
  store_id: string;
  business_day: string;
  outcome: "awarded" | "pending_review" | "recorded_no_award";
  already: boolean;
  evidence_level: number | null;
  reward: Given;
  next_possible_at: string;
}

/** `POST /v1/me/checkins`. A code, QR or token that proves nothing is no fault of the request, only no evidence. */
export interface CheckinBody {
  checkin_id: string;
  store_id: string;
  location?: Location | null;
  presence_code?: string | null;
  qr?: string | null;
  device_id?: string | null;
  challenge?: string | null;
  attestation?: Attestation | null;
}

/** One check-in of a list. */
export interface CheckinListed {
  checkin_id: string;
  store_id: string;
  business_day: string;
  outcome: "awarded" | "pending_review" | "recorded_no_award";
  evidence_level: number | null;
  reward: Given;
  occurred_at: string;
}

/** A campaign as a guest of a store reads it. */
export interface CheckinOffered {
  campaign_id: string;
  name: string;
  offer: Record<string, unknown>;
}

export interface CheckinPage {
  items: CheckinListed[];
  next_cursor: string | null;
}

/**
 * Where a claim stands. `refused`: nothing was taken, neither points nor a coupon of the campaign.
 *
 * `code` is the coupon's once it is issued; of a claim that was refused it says why, such as `insufficient_points`.
 */
export interface ClaimAnswer {
  claim_id: string;
  state: "pending" | "issued" | "refused";
  coupon_id?: string | null;
  code?: string | null;
}

/**
 * A coupon that the signed-in member takes; for points where the campaign has a price.
 *
 * `qr` is a code of the campaign that the member read: from a form, a card, a poster.
 */
export interface ClaimRequest {
  campaign_id: string;
  claim_id: string;
  qr?: string | null;
}

/** Codes that somebody else made; as CSV, one a row. */
export interface CodeImport {
  codes: string[];
}

/** How a campaign's codes come to be: one for each, one for all, or made by somebody else; and whether they sleep. */
export interface CodeSettings {
  mode?: "unique" | "shared" | "imported";
  sleeping?: boolean;
}

export interface CodesAnswer {
  job_id: string;
  status: "queued";
}

export interface CodesRequest {
  job_id: string;
  count: number;
}

/** How many receipts are alike on both sides, and all that are not. */
export interface Comparison {
  reconciliation_id: string;
  store_id: string;
  business_day: string;
  matched: number;
  missing_in_ledger: Missing[];
  missing_in_pos: Missing[];
  amount_differs: Difference[];
}

/** When it was handed over or shipped; now, if nothing is said. */
export interface Complete {
  occurred_at?: string | null;
}

/** A member's word on one purpose. */
export interface Consent {
  granted: boolean;
  version: string;
}

export interface ConsentAnswer {
  granted: boolean;
  version: string;
  at: string;
}

export interface Coupon {
  coupon_id: string;
  campaign_id: string;
  state: "issued" | "held" | "redeemed" | "expired" | "voided";
  name?: Name | null;
  min_purchase?: number | null;
  source_id: string;
  valid_from: string;
  valid_until?: string | null;
  offer: Offer;
  redeemed_at?: string | null;
  code: string;
  qr_payload: string;
  offline_token?: string | null;
}

export interface CouponPage {
  items: Coupon[];
  next_cursor: string | null;
}

/** A step of a discount. The amounts of all steps add up to it; `detail` is figures, the same in every language. */
export interface CouponsExplained {
  rule: "item_free" | "percent_off" | "amount_off" | "bonus_points" | "max_discount" | "nothing_left";
  amount: number;
  detail: string;
}

/** One line of a basket. `amount` is without tax and after the shop's own discounts. */
export interface CouponsLine {
  line_id: string;
  sku?: string | null;
  category?: string | null;
  quantity: number;
  amount: number;
  tax?: number | null;
}

/** What moved on a day. `returned`: taken back and given back; `held`: into holds, less what came out of them. */
export interface DayMoved {
  day: string;
  issued: number;
  spent: number;
  expired: number;
  returned: number;
  adjusted: number;
  held: number;
  moved: number;
}

export interface Days {
  days: number;
}

/** A queue by its name within the stage, and approximately how many messages lie in it, as SQS counts them. */
export interface DeadLetterQueue {
  queue: string;
  waiting: number;
}

/** What each inbox received five times in vain, and `parking`, where lies what the relay or a job could not do. */
export interface DeadLetters {
  queues: DeadLetterQueue[];
}

/** One event on its way to one endpoint. `error` says what the last try met: a status, or how the line broke. */
export interface Delivery {
  id: string;
  event_id: string;
  type: string;
  state: "pending" | "delivered" | "failed";
  attempts: number;
  occurred_at: string;
  last_at?: string | null;
  next_at?: string | null;
  status?: number | null;
  error?: string | null;
}

export interface DeliveryPage {
  items: Delivery[];
  next_cursor: string | null;
}

/** A receipt that both sides have: what the journal says of it (of all its lines), and what the ledger says. */
export interface Difference {
  purchase_id: string;
  amount: number;
  ledger_amount: number;
  points?: number | null;
  ledger_points?: number | null;
  lines?: number;
}

/** One entry of the account; `points` is the change of what is available. */
export interface EntryAnswer {
  entry_id: string;
  sequence: number;
  kind: string;
  points: number;
  balance_after: number;
  occurred_at: string;
  recorded_at: string;
  ref?: Record<string, string> | null;
  lots?: Expiring[] | null;
  explain?: PointsExplained[] | null;
}

export interface EntryPage {
  items: EntryAnswer[];
  next_cursor: string | null;
}

/** The officer's request. The member is in the path; `confirm` may be said. */
export interface Erase {
  confirm?: true | null;
}

/** An estimate, and the bounds that hold the truth in 95 of 100 campaigns. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
}

/** A purchase that an alert is about: its total with tax, and its entry in the member's account where that is known. */
export interface Evidence {
  purchase_id: string;
  amount: number;
  occurred_at: string;
  entry_id?: string | null;
}

export interface Expiring {
  on: string;
  points: number;
  kind: "regular" | "limited";
}

/**
 * The last day on which points can be used, counted from the programme's day on which they were earned.
 *
 * `fixed_days` n: the day that is n days later. `end_of_month` n: the last day of the month that is n months later.
 * `calendar_year` n: 31 December, n years later. `sliding` n: n days after the member's last earning; each earning
 * moves all regular lots. `none`: never; n says nothing then.
 */
export interface Expiry {
  kind: "none" | "fixed_days" | "end_of_month" | "calendar_year" | "sliding";
  n?: number | null;
}

/** What is kept about a member and whoever was merged into it. On later pages only what the chains tell goes on. */
export interface Export {
  exported_at: string;
  member: MemberAnswer;
  merged: MemberAnswer[];
  card_masked: string;
  joined_at: string;
  balance: Balance;
  holds: HoldShown[];
  coupons: Record<string, unknown>[];
  stamp_cards: Record<string, unknown>[];
  entries: EntryAnswer[];
  purchases: Record<string, unknown>[];
  requests: Record<string, unknown>[];
  coupon_entries: Record<string, unknown>[];
  checkins: Record<string, unknown>[];
  approaches: Record<string, unknown>[];
  campaign_contacts: Record<string, unknown>[];
  next_cursor?: string | null;
}

export interface Extend {
  ttl_seconds: number;
}

/** The circle around a store within which a visitor counts as there. */
export interface Fence {
  store_id: string;
  lat: number;
  lon: number;
  radius_m: number;
}

export interface FencesAnswer {
  items: Fence[];
}

/** Where a purchase is that its journal has on another day, or in another store. */
export interface FoundAt {
  store_id?: string | null;
  business_day: string;
}

/** The reward of an answer: points on their way, and campaigns whose coupon is. */
export interface Given {
  points: number;
  campaigns: string[];
}

/** What the guard looks for. `own_card`: whoever served has their own card on the receipt. */
export interface Guard {
  same_member?: SameMember;
  unusual_amount?: UnusualAmount;
  own_card?: Watch;
  after_hours?: AfterHours;
  not_in_journal?: Watch;
}

/** An hour that had guests, by its beginning. */
export interface GuestHour {
  hour: string;
  guests: number;
}

/**
 * Guests of a store by the hour of their check-in, those only who count (no repetitions, no refusals).
 *
 * `since` is from when on the hours are whole: later than asked for where there were more than 2,000 guests. `usual` has
 * 168 numbers, one for each hour of a week from Monday 00:00 UTC on, smoothed over some four weeks.
 */
export interface Guests {
  store_id: string;
  since: string;
  hours: GuestHour[];
  usual: number[];
}

/** Where a key stands: its store's clock, business day and the shop's currency; without a store, the programme's. */
export interface Here {
  store_id?: string | null;
  store_name?: string | null;
  terminal_id?: string | null;
  time_zone: string;
  business_day: string;
  business_day_ends_at: string;
  currency: string;
}

/** Points kept for an order until they are captured, released, or the time is over. */
export interface Hold {
  hold_id: string;
  member: MemberRef;
  points: number;
  order_ref: string;
  ttl_seconds?: number;
}

export interface HoldAnswer {
  hold_id: string;
  state: "held" | "captured" | "released";
  points: number;
  captured: number;
  released: number;
  expires_at?: string | null;
  balance: number;
}

export interface HoldShown {
  hold_id: string;
  points: number;
  expires_at: string;
}

/** How a member is known elsewhere; `phone` in E.164. */
export interface Identity {
  type: "ec" | "card" | "app" | "line" | "oidc" | "phone";
  value: string;
}

export interface IdentityAnswer {
  type: string;
  value_masked: string;
}

export interface IdentityValue {
  value: string;
}

/** What became of a row; the code itself is not repeated. */
export interface ImportedCode {
  row: number;
  status: "created" | "unchanged" | "refused";
  errors?: ImportedField[] | null;
}

export interface ImportedCodes {
  results: ImportedCode[];
}

export interface ImportedField {
  pointer: string;
  code: string;
  detail: string;
}

/** What became of a row; the first has the number 1. A refused row tells its `store_id` if it has a good one. */
export interface ImportedStore {
  row: number;
  store_id?: string | null;
  status: "created" | "updated" | "refused";
  errors?: ImportedField[] | null;
}

export interface ImportedStores {
  results: ImportedStore[];
}

/** The issues are judged one by one, so that a bad one harms no other. */
export interface IssueBatch {
  issues: unknown[];
}

export interface IssueRequest {
  campaign_id: string;
  member: MemberRef;
  source_id: string;
  order_ref?: string | null;
}

/** What became of one issue of a batch: the status and body that it would have had alone. */
export interface IssueResult {
  source_id: string | null;
  status: number;
  body: Record<string, unknown>;
}

export interface IssueResults {
  results: IssueResult[];
}

/** How far a job has come. Without `download_url` a job that is done has no file any more: ordering it again makes one. */
export interface JobAnswer {
  status: "queued" | "running" | "done" | "failed";
  done: number;
  total: number;
  download_url?: string | null;
}

/** A receipt as a till's journal has it: the total with tax, and the points that were printed on it. */
export interface JournalLine {
  purchase_id: string;
  amount: number;
  points?: number | null;
}

/**
 * A key as it may be shown; `secret` is there once, when it is made.
 *
 * `last_used` is a day (UTC), of the last 400. `older_until`: until when a secret is taken that a newer one replaced.
 */
export interface KeyAnswer {
  key_id: string;
  owner: string;
  kind: string;
  scopes: string[];
  store_id?: string | null;
  terminal_id?: string | null;
  partner_id?: string | null;
  state: string;
  created_at: string;
  not_before?: string | null;
  not_after?: string | null;
  last_used?: string | null;
  older_until?: string | null;
  secret?: string | null;
}

export interface KeyPage {
  items: KeyAnswer[];
  next_cursor: string | null;
}

export interface Keys {
  public_keys: PublicKey[];
}

/** The member's own word that all of it is to go: `true`, or the member's id. */
export interface Leave {
  confirm: true | string;
}

/** From when on nothing of the member can be brought back. */
export interface LeaveAnswer {
  erase_after: string;
}

/** How much of a limit is used, and what is left of it; without a limit, only the first. */
export interface Left {
  limit?: number | null;
  used: number;
  left?: number | null;
}

/** A tier's name, and from how many points in the window on a member has it. */
export interface Level {
  name: string;
  from: number;
}

/** What was outstanding at the end of a day. `paid` is the part of all of it that members bought for money. */
export interface Liability {
  on: string;
  zone: string;
  version: number;
  total: number;
  by_month: Outstanding[];
  held: number;
  pending: number;
  debt: number;
  paid: number;
  members: number;
  computed_at: string;
}

/**
 * What the coupon has brought a member on average, against those who were held out; what can't be told is missing.
 *
 * `relative` and `buyers_share` are shares: 0.1 is a tenth more money, or ten more buyers of a hundred members.
 */
export interface Lift {
  state: "estimated" | "too_little_data" | "nobody_held_out";
  spent_per_member?: Estimate | null;
  buyers_share?: Estimate | null;
  relative?: Estimate | null;
}

export interface Limits {
  total?: number | null;
  per_member?: number | null;
  per_store_day?: number | null;
  budget?: number | null;
}

export interface LineDiscount {
  line_id: string;
  discount: number;
}

/** No till is told the codes by a member's id alone: it gets them from its scan of a one-time code. */
export interface ListedCoupon {
  coupon_id: string;
  campaign_id: string;
  state: "issued" | "held" | "redeemed" | "expired" | "voided";
  name?: Name | null;
  min_purchase?: number | null;
  source_id: string;
  valid_from: string;
  valid_until?: string | null;
  offer: Offer;
  redeemed_at?: string | null;
  code?: string | null;
  qr_payload?: string | null;
  offline_token?: string | null;
}

export interface ListedPage {
  items: ListedCoupon[];
  next_cursor: string | null;
}

/** Where a phone says it is: with what accuracy, since when, and whether it admits to pretending. */
export interface Location {
  lat: number;
  lon: number;
  accuracy_m: number;
  captured_at: string;
  is_mock?: boolean | null;
}

export interface Losses {
  count: number;
  value: number;
}

/** The lot that a rule's points go into: limited-time points (期間限定) are spent first. */
export interface LotTerms {
  kind: "regular" | "limited";
  expiry: Expiry;
}

/** A member as the shop and the member see it. `erase_after`: the member has asked to be erased then. */
export interface MemberAnswer {
  member_id: string;
  display_name?: string | null;
  identities: IdentityAnswer[];
  tier: string;
  consents: Record<string, ConsentAnswer>;
  state: "active" | "merged" | "erased";
  merged_into?: string | null;
  erase_after?: string | null;
}

/** What the member shows: the static code earns, the rotating one spends. */
export interface MemberCode {
  static: StaticCode;
  rotating: RotatingCode;
}

/** Exactly one way to say who is meant. */
export type MemberRef = { member_id: string } | { identity: Identity } | { code: string } | { scan: string } | { member_ref: string };

/** What moved; below 0 if the member owed more than it had. A merge that is ended moves back what is left. */
export interface MergeAnswer {
  merge_id: string;
  from: string;
  into: string;
  points_moved: number;
}

/** `into_member_id` stays; the member of the path is merged into it. */
export interface MergeRequest {
  merge_id: string;
  into_member_id: string;
}

/** A receipt that one side has and the other has not. */
export interface Missing {
  purchase_id: string;
  amount: number;
  points?: number | null;
  found_at?: FoundAt | null;
}

/**
 * What moved the balances of the members of this page of the list: sums of one page, to be added up over all.
 *
 * opening + issued + returned + adjusted + moved - spent - expired - held = closing. The list is in an order of its own
 * that has nothing to do with who the members are. `left_out`: members with more than 1,000 entries since the first day.
 */
export interface MovementsAnswer {
  members: number;
  left_out: number;
  opening: number;
  closing: number;
  days: DayMoved[];
  next_cursor: string | null;
}

export interface Name {
  ja: string;
  en: string;
}

export interface NearbyAnswer {
  items: NearbyStore[];
}

/** One store of the answer, the offers being the campaigns that are on there. */
export interface NearbyStore {
  store_id: string;
  name: string;
  lat: number;
  lon: number;
  distance_m: number;
  open_now: boolean;
  offers: CheckinOffered[];
}

export interface NewIdentity {
  identity: Identity;
}

/** `owner` is who the key is given to: a person or a company. Two owners are needed for approvals. */
export interface NewKey {
  key_id?: string | null;
  owner: string;
  kind: "ec" | "pos" | "partner" | "operator";
  scopes?: string[] | null;
  store_id?: string | null;
  terminal_id?: string | null;
  partner_id?: string | null;
  not_before?: string | null;
  not_after?: string | null;
}

/** What a signed-in person may say on joining. */
export interface NewMe {
  display_name?: string | null;
  consents?: Partial<Record<"location" | "marketing" | "analytics" | "partners", Consent>>;
}

/** `member_id` is a pseudonym that the shop chooses: never an e-mail address, phone or card number. */
export interface NewMember {
  member_id?: string | null;
  identities?: Identity[];
  display_name?: string | null;
  consents?: Partial<Record<"location" | "marketing" | "analytics" | "partners", Consent>>;
}

/** Where events of these types shall be sent; a type is written `points.earned` or `omotenashi.points.earned.v1`. */
export interface NewWebhook {
  webhook_id: string;
  url: string;
  types: string[];
}

export interface NextTier {
  name: string;
  missing: number;
}

/** Why a code took nothing off. Only for the owner's own coupon does a reader of coupons learn what is wrong. */
export interface NotApplied {
  code: string;
  reason: "minimum_not_met" | "wrong_store" | "wrong_channel" | "not_stackable" | "no_eligible_item" | "not_yet_valid" | "limit_reached" | "code_not_usable" | "used" | "held" | "expired" | "paused" | "asleep" | "taken_back" | "other_order";
}

/**
 * What a coupon is worth. `skus` and `categories` name the items that it is for, either is enough; none: all.
 *
 * `value` is money in minor units, whole percent, the number of items that are free (1 if not said), or points.
 */
export interface Offer {
  type: "amount_off" | "percent_off" | "item_free" | "bonus_points";
  value?: number;
  max_discount?: number | null;
  skus?: string[] | null;
  categories?: string[] | null;
}

/** Points that end in one month, alike in kind, source and consideration. No month: they never end. */
export interface Outstanding {
  month: string | null;
  kind: "regular" | "limited";
  consideration: "free" | "paid";
  source: "purchase" | "award" | "checkin" | "action" | "adjustment" | "coupon";
  points: number;
}

/** Every parking place, also those where nothing lies. */
export interface Parked {
  places: ParkingPlace[];
}

/** A service's inbox, or the alarms of the hourly jobs. `is_whole`: false where more than 100 lie there. */
export interface ParkingPlace {
  place: string;
  count: number;
  is_whole: boolean;
  latest_at?: string | null;
  causes: Cause[];
}

export interface Partner {
  name: string;
  budget: Budget;
  caps?: Caps;
  state?: "active" | "paused";
}

export interface PartnerAnswer {
  name: string;
  budget: Budget;
  caps?: Caps;
  state?: "active" | "paused";
  partner_id: string;
  version: number;
}

/** `PUT /v1/stores/{store_id}/rewards-pause`. */
export interface Pause {
  paused: boolean;
  reason?: string | null;
}

export interface PauseAnswer {
  paused: boolean;
  reason?: string | null;
  store_id: string;
}

/**
 * From when on points are available, by channel; a payment that is named goes before its channel.
 *
 * `complete`: a placed purchase's points pend until it is complete, a completed one's are available at once.
 * `{"days": n}`: they become available where the programme's day begins that is n days after the day of completion.
 */
export interface Pending {
  ec?: "complete" | Days;
  pos?: "complete" | Days;
  payments?: Record<string, "complete" | Days> | null;
}

export interface PointsExplained {
  rule: string;
  points: number;
  detail: string;
}

/** One line of a receipt: `amount` is the line's total without tax after all discounts. */
export interface PointsLine {
  line_id: string;
  sku?: string | null;
  category?: string | null;
  quantity: number;
  amount: number;
  tax?: number;
  tax_rate_bp?: number | null;
}

export interface PointsOffered {
  coupon_id: string;
  code?: string | null;
  offer: Record<string, unknown>;
  valid_until?: string | null;
}

/**
 * What a store's screen shows for half a minute: a code to type, and the same as the payload of a QR.
 *
 * `valid_for_ms` is what is left of it, for a screen whose clock is wrong.
 */
export interface PresenceCode {
  code: string;
  qr_payload: string;
  valid_until: string;
  valid_for_ms: number;
  store_name: string;
}

/** Each basket in the order sent, and what all of them come to. */
export interface Preview {
  results: Previewed[];
  fitting: number;
  amount: number;
  discount_total: number;
  bonus_points_total: number;
}

/**
 * A campaign as it would be made, and up to 100 baskets: each is judged alone, on the campaign's first day.
 *
 * Limits are not counted: it is what one coupon does to each basket.
 */
export interface PreviewRequest {
  campaign: CampaignRequest;
  baskets: Bought[];
}

/** What the coupon does to one basket; the reason where it does not fit. */
export interface Previewed {
  amount: number;
  discount: number;
  bonus_points?: number;
  reason?: "minimum_not_met" | "wrong_store" | "wrong_channel" | "not_stackable" | "no_eligible_item" | "not_yet_valid" | "limit_reached" | null;
}

/** An error (RFC 9457). */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  retryable: boolean;
  request_id: string;
  errors?: ProblemField[] | null;
}

/** One faulty field: its JSON pointer, what kind of fault, and a sentence. */
export interface ProblemField {
  pointer: string;
  code: string;
  detail: string;
}

/**
 * The settings of a programme; without any, the default programme.
 *
 * `refund_expired` and `clawback` speak of returns. Claw-back takes earned points back; what the member has spent
 * meanwhile becomes debt that the next earning pays (`debt`), is let go (`clamp`), or keeps the return from being
 * taken (`refuse`). `receipt_claim_days`: a receipt without a member can be claimed so long after the purchase.
 * `premium_class` says whether the law on premiums looks at the points (`points.premium`). `member_code_prefix`: what
 * static member codes are shown with; every prefix from 20 to 29 is read, so cards printed before keep their member.
 * `guard`: what the insider guard looks for at tills (`points.guard_rules`), and what follows. `erasure_grace_days`: for
 * so long a member who wants to be erased may still stay. `retention`: when what is over is gone.
 */
export interface Programme {
  version?: number;
  zone?: string;
  currency?: string;
  earning?: Rule[];
  basis?: Basis;
  rounding?: Rounding;
  expiry?: Expiry;
  refund_expired?: RefundExpired;
  clawback?: "debt" | "clamp" | "refuse";
  spending?: Spending;
  pending?: Pending;
  tiers?: Tiers;
  approval_above?: number;
  pos_spend_needs_presence?: boolean;
  receipt_claim_days?: number;
  premium_class?: "self_discount" | "premium";
  member_code_prefix?: string;
  guard?: Guard;
  erasure_grace_days?: number;
  retention?: Retention;
}

export interface ProgrammePage {
  items: StampProgramme[];
  next_cursor: string | null;
}

/** A key that tokens and allowances are signed with: Ed25519, 32 bytes as base 64 for URLs. */
export interface PublicKey {
  kid: string;
  key: string;
}

/** A receipt. */
export interface Purchase {
  purchase_id: string;
  source: "ec" | "pos";
  member?: MemberRef | null;
  store_id?: string | null;
  terminal_id?: string | null;
  staff_id?: string | null;
  /** Any age back to the year 1900; at most five minutes ahead. */
  occurred_at: string;
  currency?: string | null;
  state: "placed" | "completed";
  lines: PointsLine[];
  taxes?: RateTax[];
  points_used?: number;
  hold_id?: string | null;
  redemption_ids?: string[];
  payment?: string | null;
  order_ref?: string | null;
}

/** What a purchase earned, and why. `balance` is what is available after it; null without a member. */
export interface PurchaseAnswer {
  purchase_id: string;
  source: "ec" | "pos";
  member_id: string | null;
  state: string;
  points: PurchasePoints;
  balance: number | null;
  explain: PointsExplained[];
}

export interface PurchasePoints {
  pending: number;
  available: number;
}

/** The tax of all lines of one rate (basis points), for tills that know no more. */
export interface RateTax {
  rate_bp: number;
  amount: number;
}

/** A receipt that was issued without a member. `amount` is its total with tax, as printed. */
export interface ReceiptClaim {
  receipt_claim_id: string;
  source: "ec" | "pos";
  purchase_id: string;
  amount: number;
}

/** The journal of one store and business day, whole: what is not in it counts as missing. */
export interface Reconciliation {
  reconciliation_id: string;
  store_id: string;
  business_day: string;
  lines: JournalLine[];
}

export interface RedemptionAnswer {
  redemption_id: string;
  state: "redeemed" | "held";
  discount_total: number;
  applied: Applied[];
  redeemed_at?: string | null;
  held_until?: string | null;
}

export interface RedemptionRequest {
  channel: "ec" | "pos";
  store_id?: string | null;
  redemption_id: string;
  codes: string[];
  member?: MemberRef | null;
  basket: Basket;
  order_ref: string;
  hold_seconds?: number | null;
}

/**
 * What becomes of points used that come back after their last day.
 *
 * `forfeit`: they are gone at once. `grace`: they can be used for `days` more days. `reissue`: they come back as new
 * points, with the last day of points earned on the day of the return.
 */
export interface RefundExpired {
  kind?: "forfeit" | "grace" | "reissue";
  days?: number | null;
}

/** Since when events shall be sent again, by their own time. */
export interface Replay {
  from: string;
}

export interface ReplayAnswer {
  webhook_id: string;
  state?: "replaying";
}

/** Who has looked into it, when, and what it was. */
export interface Resolution {
  verdict: "harmless" | "mistake" | "fraud";
  by: string;
  at: string;
}

export interface Resolve {
  member: MemberRef;
}

/** What an alert turned out to be. */
export interface ResolveAlert {
  verdict: "harmless" | "mistake" | "fraud";
}

/** The till's one scan. `scan` stands for this member at this terminal until `scan_expires_at`. */
export interface Resolved {
  member_id: string;
  display_name?: string | null;
  balance: number;
  tier: string;
  code_level: "none" | "static" | "rotating";
  scan: string;
  scan_expires_at: string;
  coupons: PointsOffered[];
}

/**
 * Days after which rows with personal data are gone. None may be so short that what needs the row would miss it.
 *
 * `deliveries_days`: what was sent to webhooks, and can be sent again. `sales_days`: each store's sales by day, which
 * the close of a day, `omo reconcile` and the insider guard look at. `guard_days`: what a member bought at a till on a
 * day, for the guard. `parked_days`: messages that could not be handled, until somebody does them again.
 */
export interface Retention {
  deliveries_days?: number;
  sales_days?: number;
  guard_days?: number;
  parked_days?: number;
}

/** `all`, or the lines that come back, each named once. */
export interface Return {
  return_id: string;
  channel: "ec" | "pos";
  all?: true | null;
  lines?: ReturnLine[] | null;
}

export interface ReturnAnswer {
  return_id: string;
  purchase_id: string;
  points: ReturnPoints;
  balance: number | null;
  explain: PointsExplained[];
}

/** A line that comes back: a quantity of it, or an amount (without tax), or all that is left of it. */
export interface ReturnLine {
  line_id: string;
  quantity?: number | null;
  amount?: number | null;
}

/**
 * What a return does to the points.
 *
 * `clawed_back`: earned points taken back, `debt` of them as debt. `given_back`: points used that can be used again;
 * `forfeited`: those whose last day is over.
 */
export interface ReturnPoints {
  clawed_back: number;
  given_back: number;
  forfeited: number;
  debt: number;
}

/** Undo the caller's own operation. `source` is for a purchase; a till's are all `pos`. */
export interface Reverse {
  reverse_id: string;
  kind: "purchase" | "award" | "spend" | "hold";
  source?: "ec" | "pos" | null;
}

/** `not_arrived`: there was nothing to undo, and the id is closed for good. */
export interface ReverseAnswer {
  reverse_id: string;
  kind: string;
  id: string;
  state: "reversed" | "not_arrived";
  balance?: number | null;
}

/** A check-in that waits, or waited, for people: for their eyes the reason, and what it would be paid. */
export interface ReviewAnswer {
  review_id: string;
  checkin_id: string;
  store_id: string;
  member_id: string;
  business_day: string;
  occurred_at: string;
  evidence_level: number;
  reason: string;
  distance_m: Span | null;
  reward: Given;
  state: "pending" | "approved" | "rejected";
}

/** Decisions, each judged by itself, so that a bad one harms no other. */
export interface ReviewBatch {
  reviews: unknown[];
}

export interface ReviewPage {
  items: ReviewAnswer[];
  next_cursor: string | null;
}

/** What became of one decision of a batch: the status and body that it would have had alone. */
export interface ReviewResult {
  review_id: string | null;
  status: number;
  body: Record<string, unknown>;
}

export interface ReviewResults {
  results: ReviewResult[];
}

/** What a check-in with at least this level of evidence gets. */
export interface Reward {
  min_level?: number;
  points?: number;
  campaign_id?: string | null;
}

export interface Rolling {
  rolling_months: number;
}

/** For how long the secrets of before still sign as well. */
export interface Rotate {
  overlap_seconds?: number;
}

/** Good for one spending within its half minute, one step of clock skew forgiven. */
export interface RotatingCode {
  value: string;
  qr_payload: string;
  code128: string;
  valid_until: string;
  step_seconds: number;
}

/** For how long the secrets that a key had go on beside its new one. `rotate_id` makes a retry harmless. */
export interface Rotation {
  rotate_id?: string | null;
  overlap_seconds: number;
}

/**
 * How fractions of a point are rounded, and whether for each line or once over the order's exact sum.
 *
 * Line by line is what Rakuten does: 1,800 + 380 + 100 yen at half the rate are 9 + 1 + 0 = 10 points; over the order
 * they are 11.
 */
export interface Rounding {
  mode?: "floor" | "half_up" | "ceil";
  scope?: "line" | "order";
}

export interface Rule {
  rule_id: string;
  kind: "base" | "multiplier" | "bonus";
  points?: number | null;
  per_amount?: number | null;
  factor?: string | null;
  when?: When | null;
  cap?: Cap | null;
  lot?: LotTerms | null;
}

/** What one rule gives; of a rule that one of the two programmes does not have, 0 there. */
export interface RuleCost {
  rule_id: string;
  in_force: number;
  proposed: number;
}

export interface Run {
  first: number;
  last: number;
}

/** One member so often at one till on one business day. */
export interface SameMember {
  outcome?: "off" | "alert" | "hold" | "block";
  per_day?: number;
}

/** A whole programme, with the version that it was read at. What is left out has its default. */
export interface Settings {
  version: number;
  zone?: string;
  currency?: string;
  earning?: Rule[];
  basis?: Basis;
  rounding?: Rounding;
  expiry?: Expiry;
  refund_expired?: RefundExpired;
  clawback?: "debt" | "clamp" | "refuse";
  spending?: Spending;
  pending?: Pending;
  tiers?: Tiers;
  approval_above?: number;
  pos_spend_needs_presence?: boolean;
  receipt_claim_days?: number;
  premium_class?: "self_discount" | "premium";
  member_code_prefix?: string;
  guard?: Guard;
  erasure_grace_days?: number;
  retention?: Retention;
}

/** A member's card. `stamps` may be below 0: a coupon was used, and purchases that had earned it came back. */
export interface ShownCard {
  programme_id: string;
  stamps: number;
  needed: number;
  completed: number;
  expires_on?: string | null;
}

/**
 * A programme as `PUT /v1/programme` takes it (its version is not looked at), and which days' purchases to judge.
 *
 * By when they were made (`occurred_at`), both days included, at most 92; and where to go on.
 */
export interface Simulation {
  programme: Settings;
  since: string;
  until: string;
  cursor?: string | null;
}

/**
 * What the members of this page of the list would have been given: sums of one page, to be added up over all.
 *
 * The list is in an order of its own that has nothing to do with who the members are, so the first pages are a fair
 * sample. `left_out`: members with more than 1,000 entries since the first of these days.
 */
export interface SimulationAnswer {
  version: number;
  members: number;
  left_out: number;
  purchases: number;
  amount: number;
  in_force: number;
  proposed: number;
  rules: RuleCost[];
  next_cursor: string | null;
}

/** Between two distances; exact ones are not kept. */
export interface Span {
  at_least: number;
  at_most: number;
}

export interface Spend {
  spend_id: string;
  member: MemberRef;
  points: number;
  order_ref: string;
}

export interface SpendAnswer {
  spend_id: string;
  points: number;
  balance: number;
}

/** Points are spent at least `min` at a time, in multiples of `step`, up to so much of an order (basis points). */
export interface Spending {
  min?: number;
  step?: number;
  max_share_bp?: number;
}

/** How a coupon goes together with those of other campaigns. A small priority is applied first. */
export interface Stacking {
  group?: string | null;
  exclusive?: boolean;
  priority?: number;
}

export interface StaffAnswer {
  member_id: string;
  staff_id: string;
}

/** Which member somebody is who serves at tills. */
export interface StaffCard {
  member_id: string;
}

/** `POST /v1/checkins`: a member of staff saw the guest. A till's key brings its store. */
export interface StaffScan {
  checkin_id: string;
  store_id?: string | null;
  member: MemberRef;
}

/** A business day takes stamps until it has had `per_day`; `expires_days` runs from the day of the latest stamp. */
export interface StampProgramme {
  programme_id: string;
  name: Name | string;
  stamps: number;
  by: "purchase" | "spend" | "visit" | "manual";
  spend_per_stamp?: number | null;
  per_day?: number;
  campaign_id: string;
  expires_days?: number | null;
}

export interface StampRequest {
  stamp_id: string;
  member: MemberRef;
  programme_id: string;
  count?: number;
}

/** A grant, and the card right after it; `coupons` are those that it earned. */
export interface Stamped {
  programme_id: string;
  stamps: number;
  needed: number;
  completed: number;
  expires_on?: string | null;
  stamp_id: string;
  count: number;
  coupons: string[];
}

/** A month of the programme's zone: how many awards stand, their points, and the points of those taken back. */
export interface Statement {
  month: string;
  zone: string;
  lines: StatementLine[];
  awards: number;
  points: number;
  reversed: number;
}

/** An award that the member got, and whether it was taken back, be it in a later month. */
export interface StatementLine {
  award_id: string;
  member_ref: string;
  points: number;
  occurred_at: string;
  state: "given" | "reversed";
}

export interface StaticCode {
  value: string;
  ean13: string;
  code128: string;
}

/** A campaign's figures so far. `redeemed`, sums and averages are of the redemptions that stand. */
export interface Stats {
  campaign_id: string;
  state: "draft" | "active" | "paused" | "ended";
  issued: number;
  codes_made: number;
  shown: number;
  held: number;
  redeemed: number;
  voided: number;
  released: number;
  expired: number;
  taken_back: number;
  discount_total: number;
  bonus_points_total: number;
  total: Left;
  budget: Left;
  uplift: Uplift;
  attribution?: Attributed | null;
  as_of: string;
}

/** A store as check-in knows it; who has paused its rewards is never said by the store's body. */
export interface Store {
  name: string;
  lat: number;
  lon: number;
  radius_m?: number;
  dwell_seconds?: number | null;
  time_zone: string;
  cutoff_hour?: number;
  hours?: Partial<Record<"mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun", [string, string][]>> | null;
  rewards?: Reward[];
  state?: "open" | "closed";
  store_id: string;
  rewards_paused?: boolean;
  paused_by?: "operator" | "anomaly" | null;
}

/** The body of `PUT /v1/stores/{store_id}`; where it repeats the id, the route compares the two. */
export interface StoreBody {
  name: string;
  lat: number;
  lon: number;
  radius_m?: number;
  dwell_seconds?: number | null;
  time_zone: string;
  cutoff_hour?: number;
  hours?: Partial<Record<"mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun", [string, string][]>> | null;
  rewards?: Reward[];
  state?: "open" | "closed";
  store_id?: string | null;
}

/**
 * A campaign's day at a store; without a store: in the web shop, or nowhere in particular.
 *
 * `exposed` and `held_out` are members on the day on which the campaign reached them, or would have; check-ins and sales
 * are those in their windows.
 */
export interface StoreDay {
  business_day: string;
  store_id?: string | null;
  exposed: number;
  held_out: number;
  visits: number;
  held_out_visits: number;
  redeemed: number;
  sales: number;
  held_out_sales: number;
  amount: number;
  held_out_amount: number;
}

export interface StoreDays {
  items: StoreDay[];
  next_cursor: string | null;
}

/** A FeatureCollection of stores, judged one by one; as CSV, one a row. */
export interface StoreImport {
  type: "FeatureCollection";
  features: unknown[];
  crs?: Record<string, unknown> | null;
}

/** A page may hold fewer stores than asked for, none too, and still have a next one: so far it has been searched. */
export interface StorePage {
  items: Store[];
  next_cursor: string | null;
}

/** The text of a store's printed QR. */
export interface StoreQr {
  store_id: string;
  qr_payload: string;
}

/** The items are judged one by one, so that a bad one harms no other. */
export interface SyncRequest {
  items: unknown[];
}

/** What became of an item. `first` is the outcome that a duplicate had at first, `discount` what is booked for it. */
export interface SyncResult {
  id: string | null;
  outcome: "applied" | "duplicate" | "conflict_absorbed" | "conflict_refused" | "expired_but_honoured";
  first?: "applied" | "duplicate" | "conflict_absorbed" | "conflict_refused" | "expired_but_honoured" | null;
  discount?: number | null;
  code?: string | null;
  reason?: string | null;
  detail?: string | null;
  errors?: Record<string, unknown>[] | null;
}

export interface SyncResults {
  results: SyncResult[];
}

/**
 * What a till's day without a line cost, within its allowance and beyond, and which of its numbers never came.
 *
 * `missing` and `repeated` are of the till's whole life as far as it is known, not of the day.
 */
export interface TerminalDay {
  terminal_id: string;
  store_id: string;
  business_day: string;
  max_redemptions: number;
  max_value: number;
  absorbed: Losses;
  refused: Losses;
  last_seq?: number | null;
  missing: Run[];
  repeated: number;
}

/** `until`: the last day on which the tier lasts if nothing more is earned; missing if it lasts. */
export interface Tier {
  name: string;
  earned_in_window: number;
  until?: string | null;
  next?: NextTier | null;
}

/** The levels, from 0 upwards. */
export interface Tiers {
  window?: "calendar_year" | Rolling;
  levels?: Level[];
}

/**
 * The event that issues a coupon by itself, and what its data must say for that.
 *
 * Any type of event that is about a member and does not come of coupons being issued; or `trigger.` and what the
 * shop's own systems call it when they tell us (`POST /v1/triggers`).
 */
export interface Trigger {
  event: string;
  filter?: Record<string, unknown>;
}

/** `campaigns`: those whose coupon is on its way. One that has run out meanwhile issues none. */
export interface TriggerAnswer {
  trigger_id: string;
  type: string;
  campaigns: string[];
}

/**
 * Something that happened to a member outside of this software; campaigns name it `trigger.<type>`.
 *
 * `data` is whatever those systems have to say, and is not kept: a filter finds texts, whole numbers and booleans in it.
 */
export interface TriggerRequest {
  trigger_id: string;
  type: string;
  member: MemberRef;
  data?: Record<string, unknown> | null;
}

/** The merge to be ended; it must be the one in force. */
export interface UnmergeRequest {
  merge_id: string;
}

/**
 * What one member bought at one till on one business day is more than `times` what the store's largest sales come to.
 *
 * That is the 99th percentile of the fourteen days before. Less than `at_least` is never too much; until a store has
 * a past, more than `without_past` is. All in minor units.
 */
export interface UnusualAmount {
  outcome?: "off" | "alert" | "hold" | "block";
  times?: number;
  at_least?: number;
  without_past?: number;
}

/** What the baskets were worth on which coupons of a campaign were redeemed; averages, rounded down, of at least one. */
export interface Uplift {
  redeemed_basket_amount: number;
  average_basket_amount?: number | null;
  average_discount?: number | null;
}

export interface ValidationAnswer {
  discount_total: number;
  applied: Applied[];
  refused: NotApplied[];
}

export interface ValidationRequest {
  channel: "ec" | "pos";
  store_id?: string | null;
  codes?: string[];
  member?: MemberRef | null;
  basket: Basket;
}

export interface VoidAnswer {
  redemption_id: string;
  state: "voided" | "not_arrived";
  coupons: Coupon[];
}

export interface VoidRequest {
  void_id: string;
}

/**
 * What follows where a rule finds something.
 *
 * `alert`: people are told. `hold`: besides, what the member earns in that store waits until somebody with
 * `points:admin` completes it. `block`: besides, the till may write nothing. Both until the alert is resolved.
 */
export interface Watch {
  outcome?: "off" | "alert" | "hold" | "block";
}

/** An endpoint. `secret` is there once, when it is made; `disabled_*` where it was given up. */
export interface WebhookAnswer {
  webhook_id: string;
  url: string;
  types: string[];
  state: "active" | "disabled";
  created_at: string;
  disabled_at?: string | null;
  disabled_reason?: string | null;
  secret?: string | null;
}

export interface WebhookPage {
  items: WebhookAnswer[];
  next_cursor: string | null;
}

/**
 * When a rule applies; what is not said does not matter.
 *
 * `categories` are judged line by line, everything else for the whole purchase. `from` is the first moment or day,
 * `until` the last day (of the programme's zone, included) or the moment at which it is over. `first_purchase`: only
 * a member's first one. A rule with `actions` applies to these actions and never to a purchase; one without never to
 * an action.
 */
export interface When {
  channels?: ("ec" | "pos")[] | null;
  store_ids?: string[] | null;
  categories?: string[] | null;
  tiers?: string[] | null;
  from?: string | null;
  until?: string | null;
  first_purchase?: boolean | null;
  actions?: string[] | null;
}

/** The caller of a request. */
export interface WhoAmI {
  kind: string;
  scopes: string[];
  key_id?: string | null;
  member_id?: string | null;
  store_id?: string | null;
  terminal_id?: string | null;
  partner_id?: string | null;
}

/** Where each route is. */
export interface Routes {
  get_health: { service: "points" | "coupons" | "checkin"; method: "GET"; path: "/health" };
  get_openapi_json: { service: "points" | "coupons" | "checkin"; method: "GET"; path: "/openapi.json" };
  post_v1_actions: { service: "points"; method: "POST"; path: "/v1/actions" };
  post_v1_adjustments: { service: "points"; method: "POST"; path: "/v1/adjustments" };
  post_v1_adjustments_adjustment_id_approve: { service: "points"; method: "POST"; path: "/v1/adjustments/{adjustment_id}/approve" };
  get_v1_alerts: { service: "points"; method: "GET"; path: "/v1/alerts" };
  get_v1_alerts_alert_id: { service: "points"; method: "GET"; path: "/v1/alerts/{alert_id}" };
  post_v1_alerts_alert_id_resolve: { service: "points"; method: "POST"; path: "/v1/alerts/{alert_id}/resolve" };
  post_v1_awards: { service: "points"; method: "POST"; path: "/v1/awards" };
  post_v1_campaign_previews: { service: "coupons"; method: "POST"; path: "/v1/campaign-previews" };
  get_v1_campaigns: { service: "coupons"; method: "GET"; path: "/v1/campaigns" };
  post_v1_campaigns: { service: "coupons"; method: "POST"; path: "/v1/campaigns" };
  get_v1_campaigns_campaign_id: { service: "coupons"; method: "GET"; path: "/v1/campaigns/{campaign_id}" };
  patch_v1_campaigns_campaign_id: { service: "coupons"; method: "PATCH"; path: "/v1/campaigns/{campaign_id}" };
  post_v1_campaigns_campaign_id_codes: { service: "coupons"; method: "POST"; path: "/v1/campaigns/{campaign_id}/codes" };
  post_v1_campaigns_campaign_id_codes_import: { service: "coupons"; method: "POST"; path: "/v1/campaigns/{campaign_id}/codes/import" };
  post_v1_campaigns_campaign_id_end: { service: "coupons"; method: "POST"; path: "/v1/campaigns/{campaign_id}/end" };
  post_v1_campaigns_campaign_id_pause: { service: "coupons"; method: "POST"; path: "/v1/campaigns/{campaign_id}/pause" };
  post_v1_campaigns_campaign_id_resume: { service: "coupons"; method: "POST"; path: "/v1/campaigns/{campaign_id}/resume" };
  get_v1_campaigns_campaign_id_stats: { service: "coupons"; method: "GET"; path: "/v1/campaigns/{campaign_id}/stats" };
  get_v1_campaigns_campaign_id_stats_store_days: { service: "coupons"; method: "GET"; path: "/v1/campaigns/{campaign_id}/stats/store-days" };
  post_v1_checkins: { service: "checkin"; method: "POST"; path: "/v1/checkins" };
  post_v1_coupons_code_activate: { service: "coupons"; method: "POST"; path: "/v1/coupons/{code}/activate" };
  get_v1_geofences: { service: "checkin"; method: "GET"; path: "/v1/geofences" };
  post_v1_holds: { service: "points"; method: "POST"; path: "/v1/holds" };
  post_v1_holds_hold_id_capture: { service: "points"; method: "POST"; path: "/v1/holds/{hold_id}/capture" };
  post_v1_holds_hold_id_extend: { service: "points"; method: "POST"; path: "/v1/holds/{hold_id}/extend" };
  post_v1_holds_hold_id_release: { service: "points"; method: "POST"; path: "/v1/holds/{hold_id}/release" };
  post_v1_issues: { service: "coupons"; method: "POST"; path: "/v1/issues" };
  post_v1_issues_batch: { service: "coupons"; method: "POST"; path: "/v1/issues/batch" };
  get_v1_jobs_job_id: { service: "coupons"; method: "GET"; path: "/v1/jobs/{job_id}" };
  get_v1_keys: { service: "points"; method: "GET"; path: "/v1/keys" };
  post_v1_keys: { service: "points"; method: "POST"; path: "/v1/keys" };
  delete_v1_keys_key_id: { service: "points"; method: "DELETE"; path: "/v1/keys/{key_id}" };
  post_v1_keys_key_id_rotate: { service: "points"; method: "POST"; path: "/v1/keys/{key_id}/rotate" };
  get_v1_me: { service: "points"; method: "GET"; path: "/v1/me" };
  post_v1_me: { service: "points"; method: "POST"; path: "/v1/me" };
  delete_v1_me: { service: "points"; method: "DELETE"; path: "/v1/me" };
  post_v1_me_approaches: { service: "checkin"; method: "POST"; path: "/v1/me/approaches" };
  get_v1_me_balance: { service: "points"; method: "GET"; path: "/v1/me/balance" };
  get_v1_me_checkins: { service: "checkin"; method: "GET"; path: "/v1/me/checkins" };
  post_v1_me_checkins: { service: "checkin"; method: "POST"; path: "/v1/me/checkins" };
  post_v1_me_checkins_challenges: { service: "checkin"; method: "POST"; path: "/v1/me/checkins/challenges" };
  post_v1_me_claims: { service: "coupons"; method: "POST"; path: "/v1/me/claims" };
  get_v1_me_claims_claim_id: { service: "coupons"; method: "GET"; path: "/v1/me/claims/{claim_id}" };
  get_v1_me_code: { service: "points"; method: "GET"; path: "/v1/me/code" };
  put_v1_me_consents_purpose: { service: "points"; method: "PUT"; path: "/v1/me/consents/{purpose}" };
  get_v1_me_coupons: { service: "coupons"; method: "GET"; path: "/v1/me/coupons" };
  get_v1_me_coupons_coupon_id: { service: "coupons"; method: "GET"; path: "/v1/me/coupons/{coupon_id}" };
  get_v1_me_entries: { service: "points"; method: "GET"; path: "/v1/me/entries" };
  get_v1_me_export: { service: "points"; method: "GET"; path: "/v1/me/export" };
  post_v1_me_keep: { service: "points"; method: "POST"; path: "/v1/me/keep" };
  post_v1_me_receipts: { service: "points"; method: "POST"; path: "/v1/me/receipts" };
  get_v1_me_stamp_cards: { service: "coupons"; method: "GET"; path: "/v1/me/stamp-cards" };
  post_v1_members: { service: "points"; method: "POST"; path: "/v1/members" };
  post_v1_members_resolve: { service: "points"; method: "POST"; path: "/v1/members/resolve" };
  get_v1_members_member_id: { service: "points"; method: "GET"; path: "/v1/members/{member_id}" };
  delete_v1_members_member_id: { service: "points"; method: "DELETE"; path: "/v1/members/{member_id}" };
  get_v1_members_member_id_balance: { service: "points"; method: "GET"; path: "/v1/members/{member_id}/balance" };
  get_v1_members_member_id_checkins: { service: "checkin"; method: "GET"; path: "/v1/members/{member_id}/checkins" };
  get_v1_members_member_id_coupons: { service: "coupons"; method: "GET"; path: "/v1/members/{member_id}/coupons" };
  get_v1_members_member_id_entries: { service: "points"; method: "GET"; path: "/v1/members/{member_id}/entries" };
  get_v1_members_member_id_export: { service: "points"; method: "GET"; path: "/v1/members/{member_id}/export" };
  post_v1_members_member_id_identities: { service: "points"; method: "POST"; path: "/v1/members/{member_id}/identities" };
  delete_v1_members_member_id_identities_type: { service: "points"; method: "DELETE"; path: "/v1/members/{member_id}/identities/{type}" };
  post_v1_members_member_id_merge: { service: "points"; method: "POST"; path: "/v1/members/{member_id}/merge" };
  post_v1_members_member_id_unmerge: { service: "points"; method: "POST"; path: "/v1/members/{member_id}/unmerge" };
  post_v1_offline_allowances: { service: "coupons"; method: "POST"; path: "/v1/offline/allowances" };
  get_v1_offline_keys: { service: "coupons"; method: "GET"; path: "/v1/offline/keys" };
  post_v1_offline_sync: { service: "coupons"; method: "POST"; path: "/v1/offline/sync" };
  get_v1_offline_terminals_terminal_id: { service: "coupons"; method: "GET"; path: "/v1/offline/terminals/{terminal_id}" };
  post_v1_operations_operation_id_reverse: { service: "points"; method: "POST"; path: "/v1/operations/{operation_id}/reverse" };
  get_v1_partner_budget: { service: "points"; method: "GET"; path: "/v1/partner/budget" };
  get_v1_partner_statements_month: { service: "points"; method: "GET"; path: "/v1/partner/statements/{month}" };
  get_v1_partners_partner_id: { service: "points"; method: "GET"; path: "/v1/partners/{partner_id}" };
  put_v1_partners_partner_id: { service: "points"; method: "PUT"; path: "/v1/partners/{partner_id}" };
  get_v1_programme: { service: "points"; method: "GET"; path: "/v1/programme" };
  put_v1_programme: { service: "points"; method: "PUT"; path: "/v1/programme" };
  post_v1_programme_simulations: { service: "points"; method: "POST"; path: "/v1/programme/simulations" };
  post_v1_purchases: { service: "points"; method: "POST"; path: "/v1/purchases" };
  post_v1_purchases_batch: { service: "points"; method: "POST"; path: "/v1/purchases/batch" };
  post_v1_purchases_preview: { service: "points"; method: "POST"; path: "/v1/purchases/preview" };
  post_v1_purchases_source_purchase_id_cancel: { service: "points"; method: "POST"; path: "/v1/purchases/{source}/{purchase_id}/cancel" };
  post_v1_purchases_source_purchase_id_complete: { service: "points"; method: "POST"; path: "/v1/purchases/{source}/{purchase_id}/complete" };
  post_v1_purchases_source_purchase_id_returns: { service: "points"; method: "POST"; path: "/v1/purchases/{source}/{purchase_id}/returns" };
  post_v1_purchases_source_purchase_id_returns_preview: { service: "points"; method: "POST"; path: "/v1/purchases/{source}/{purchase_id}/returns/preview" };
  post_v1_reconciliations: { service: "points"; method: "POST"; path: "/v1/reconciliations" };
  post_v1_redemptions: { service: "coupons"; method: "POST"; path: "/v1/redemptions" };
  post_v1_redemptions_redemption_id_capture: { service: "coupons"; method: "POST"; path: "/v1/redemptions/{redemption_id}/capture" };
  post_v1_redemptions_redemption_id_void: { service: "coupons"; method: "POST"; path: "/v1/redemptions/{redemption_id}/void" };
  get_v1_reports_audit: { service: "points"; method: "GET"; path: "/v1/reports/audit" };
  get_v1_reports_dead_letters: { service: "points"; method: "GET"; path: "/v1/reports/dead-letters" };
  get_v1_reports_liability: { service: "points"; method: "GET"; path: "/v1/reports/liability" };
  get_v1_reports_movements: { service: "points"; method: "GET"; path: "/v1/reports/movements" };
  get_v1_reports_parked: { service: "points"; method: "GET"; path: "/v1/reports/parked" };
  get_v1_reviews: { service: "checkin"; method: "GET"; path: "/v1/reviews" };
  post_v1_reviews_batch: { service: "checkin"; method: "POST"; path: "/v1/reviews/batch" };
  post_v1_reviews_review_id_approve: { service: "checkin"; method: "POST"; path: "/v1/reviews/{review_id}/approve" };
  post_v1_reviews_review_id_reject: { service: "checkin"; method: "POST"; path: "/v1/reviews/{review_id}/reject" };
  post_v1_spends: { service: "points"; method: "POST"; path: "/v1/spends" };
  get_v1_staff_staff_id: { service: "points"; method: "GET"; path: "/v1/staff/{staff_id}" };
  put_v1_staff_staff_id: { service: "points"; method: "PUT"; path: "/v1/staff/{staff_id}" };
  delete_v1_staff_staff_id: { service: "points"; method: "DELETE"; path: "/v1/staff/{staff_id}" };
  get_v1_stamp_programmes: { service: "coupons"; method: "GET"; path: "/v1/stamp-programmes" };
  post_v1_stamp_programmes: { service: "coupons"; method: "POST"; path: "/v1/stamp-programmes" };
  get_v1_stamp_programmes_programme_id: { service: "coupons"; method: "GET"; path: "/v1/stamp-programmes/{programme_id}" };
  post_v1_stamps: { service: "coupons"; method: "POST"; path: "/v1/stamps" };
  get_v1_stores: { service: "checkin"; method: "GET"; path: "/v1/stores" };
  post_v1_stores_import: { service: "checkin"; method: "POST"; path: "/v1/stores/import" };
  get_v1_stores_nearby: { service: "checkin"; method: "GET"; path: "/v1/stores/nearby" };
  get_v1_stores_store_id: { service: "checkin"; method: "GET"; path: "/v1/stores/{store_id}" };
  put_v1_stores_store_id: { service: "checkin"; method: "PUT"; path: "/v1/stores/{store_id}" };
  get_v1_stores_store_id_guests: { service: "checkin"; method: "GET"; path: "/v1/stores/{store_id}/guests" };
  get_v1_stores_store_id_presence_code: { service: "checkin"; method: "GET"; path: "/v1/stores/{store_id}/presence-code" };
  get_v1_stores_store_id_qr: { service: "checkin"; method: "GET"; path: "/v1/stores/{store_id}/qr" };
  put_v1_stores_store_id_rewards_pause: { service: "checkin"; method: "PUT"; path: "/v1/stores/{store_id}/rewards-pause" };
  get_v1_till: { service: "points"; method: "GET"; path: "/v1/till" };
  post_v1_triggers: { service: "coupons"; method: "POST"; path: "/v1/triggers" };
  post_v1_validations: { service: "coupons"; method: "POST"; path: "/v1/validations" };
  get_v1_webhooks: { service: "points"; method: "GET"; path: "/v1/webhooks" };
  post_v1_webhooks: { service: "points"; method: "POST"; path: "/v1/webhooks" };
  get_v1_webhooks_webhook_id: { service: "points"; method: "GET"; path: "/v1/webhooks/{webhook_id}" };
  delete_v1_webhooks_webhook_id: { service: "points"; method: "DELETE"; path: "/v1/webhooks/{webhook_id}" };
  get_v1_webhooks_webhook_id_deliveries: { service: "points"; method: "GET"; path: "/v1/webhooks/{webhook_id}/deliveries" };
  post_v1_webhooks_webhook_id_replay: { service: "points"; method: "POST"; path: "/v1/webhooks/{webhook_id}/replay" };
  post_v1_webhooks_webhook_id_rotate: { service: "points"; method: "POST"; path: "/v1/webhooks/{webhook_id}/rotate" };
  get_v1_whoami: { service: "points" | "coupons" | "checkin"; method: "GET"; path: "/v1/whoami" };
}

/** What goes in and what comes out of each route. */
export interface Operations {
  /** Whether the service answers. */
  get_health: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: Record<string, unknown>;
  };
  /** This description. */
  get_openapi_json: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: Record<string, unknown>;
  };
  /** Record what a member did that was no purchase: its points are there when this has answered. */
  post_v1_actions: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: Action;
    answer: ActionAnswer;
  };
  /** Give or take a member's points, or ask for the approval that it needs. */
  post_v1_adjustments: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: Adjustment;
    answer: AdjustmentAnswer;
  };
  /** Approve an adjustment that somebody else has asked for; from then on the points are there, or gone. */
  post_v1_adjustments_adjustment_id_approve: {
    path: { adjustment_id: string };
    query: Record<string, never>;
    body: Record<string, never> | undefined;
    answer: AdjustmentAnswer;
  };
  /** A page of the alerts, by their business days, the oldest first. */
  get_v1_alerts: {
    path: Record<string, never>;
    query: { state?: "open" | "all"; since?: string; limit?: number; cursor?: string };
    body: undefined;
    answer: AlertPage;
  };
  /** One alert, open or resolved. */
  get_v1_alerts_alert_id: {
    path: { alert_id: string };
    query: Record<string, never>;
    body: undefined;
    answer: Alert;
  };
  /** Say what an alert turned out to be; nothing is stopped for it any more when this has answered. */
  post_v1_alerts_alert_id_resolve: {
    path: { alert_id: string };
    query: Record<string, never>;
    body: ResolveAlert;
    answer: Alert;
  };
  /** Give a member points out of the caller's budget. */
  post_v1_awards: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: Award;
    answer: AwardAnswer;
  };
  /** What a campaign that is not made yet would take off each of these baskets. */
  post_v1_campaign_previews: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: PreviewRequest;
    answer: Preview;
  };
  /** A page of the campaigns, in the order of their ids. */
  get_v1_campaigns: {
    path: Record<string, never>;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: CampaignPage;
  };
  /** A new campaign. It counts everywhere when this has answered. */
  post_v1_campaigns: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: CampaignRequest;
    answer: CampaignTold;
  };
  /** A campaign as it is now. */
  get_v1_campaigns_campaign_id: {
    path: { campaign_id: string };
    query: Record<string, never>;
    body: undefined;
    answer: CampaignTold;
  };
  /** Change name, last day, limits or stores; coupons that are out keep their terms. */
  patch_v1_campaigns_campaign_id: {
    path: { campaign_id: string };
    query: Record<string, never>;
    body: CampaignChange | undefined;
    answer: CampaignTold;
  };
  /** Make codes of a campaign in bulk. They exist when this has answered; the file of them is made by a job. */
  post_v1_campaigns_campaign_id_codes: {
    path: { campaign_id: string };
    query: Record<string, never>;
    body: CodesRequest;
    answer: CodesAnswer;
  };
  /** Take in codes that somebody else made, each once, however often it is sent. */
  post_v1_campaigns_campaign_id_codes_import: {
    path: { campaign_id: string };
    query: Record<string, never>;
    body: CodeImport;
    answer: ImportedCodes;
  };
  /** Issue no more coupons, for good; those that are out stay good. */
  post_v1_campaigns_campaign_id_end: {
    path: { campaign_id: string };
    query: Record<string, never>;
    body: Record<string, never> | undefined;
    answer: CampaignTold;
  };
  /** Stop issuing and redeeming until the campaign is resumed. */
  post_v1_campaigns_campaign_id_pause: {
    path: { campaign_id: string };
    query: Record<string, never>;
    body: Record<string, never> | undefined;
    answer: CampaignTold;
  };
  /** Let a draft begin, or a paused campaign go on. */
  post_v1_campaigns_campaign_id_resume: {
    path: { campaign_id: string };
    query: Record<string, never>;
    body: Record<string, never> | undefined;
    answer: CampaignTold;
  };
  /** A campaign's figures so far; what has happened in the last moments may be on its way. */
  get_v1_campaigns_campaign_id_stats: {
    path: { campaign_id: string };
    query: Record<string, never>;
    body: undefined;
    answer: Stats;
  };
  /** A page of a campaign's days by store, in their order; days on which nothing happened have no row. */
  get_v1_campaigns_campaign_id_stats_store_days: {
    path: { campaign_id: string };
    query: { since: string; until: string; limit?: number; cursor?: string };
    body: undefined;
    answer: StoreDays;
  };
  /** A member of staff saw the guest and scanned the guest's code. */
  post_v1_checkins: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: StaffScan;
    answer: CheckinAnswer;
  };
  /** Wake a sleeping code; with a member, for that member alone. */
  post_v1_coupons_code_activate: {
    path: { code: string };
    query: Record<string, never>;
    body: ActivateRequest;
    answer: Coupon;
  };
  /** The fences nearest to a point, for a phone that can watch a few only; closed stores need none. */
  get_v1_geofences: {
    path: Record<string, never>;
    query: { lat: number; lon: number; limit?: number };
    body: undefined;
    answer: FencesAnswer;
  };
  /** Take points out of a member's account for a while. */
  post_v1_holds: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: Hold;
    answer: HoldAnswer;
  };
  /** Use the held points, or some of them; the rest comes back. */
  post_v1_holds_hold_id_capture: {
    path: { hold_id: string };
    query: Record<string, never>;
    body: Capture | undefined;
    answer: HoldAnswer;
  };
  /** Keep an open hold for longer. */
  post_v1_holds_hold_id_extend: {
    path: { hold_id: string };
    query: Record<string, never>;
    body: Extend;
    answer: HoldAnswer;
  };
  /** Let the held points go. */
  post_v1_holds_hold_id_release: {
    path: { hold_id: string };
    query: Record<string, never>;
    body: Record<string, never> | undefined;
    answer: HoldAnswer;
  };
  /** Issue a coupon of a campaign to a member; the same source again gets the same coupon. */
  post_v1_issues: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: IssueRequest;
    answer: Coupon;
  };
  /** Issue up to 100 coupons, each judged by itself. */
  post_v1_issues_batch: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: IssueBatch;
    answer: IssueResults;
  };
  /** How far a job has come, and where its file can be fetched for the next minutes. */
  get_v1_jobs_job_id: {
    path: { job_id: string };
    query: Record<string, never>;
    body: undefined;
    answer: JobAnswer;
  };
  /** A page of the stage's keys, without secrets. */
  get_v1_keys: {
    path: Record<string, never>;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: KeyPage;
  };
  /** A new key. Asked again with the same `key_id`, the same key without its secret. */
  post_v1_keys: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: NewKey;
    answer: KeyAnswer;
  };
  /** Stop a key for good; every environment knows within the cache's second, the gateway within its thirty. */
  delete_v1_keys_key_id: {
    path: { key_id: string };
    query: Record<string, never>;
    body: undefined;
    answer: undefined;
  };
  /** A new secret for a key; those before it go on for the overlap, and no longer than they would have. */
  post_v1_keys_key_id_rotate: {
    path: { key_id: string };
    query: Record<string, never>;
    body: Rotation;
    answer: KeyAnswer;
  };
  /** The signed-in member's profile. */
  get_v1_me: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: MemberAnswer;
  };
  /** The signed-in person becomes a member, and the login is linked; again: the member it is. */
  post_v1_me: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: NewMe | undefined;
    answer: MemberAnswer;
  };
  /** The signed-in member asks to be erased; it happens when the time for second thoughts is over. */
  delete_v1_me: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: Leave;
    answer: LeaveAnswer;
  };
  /** The signed-in member has come near a store, as the phone says. */
  post_v1_me_approaches: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: ApproachBody;
    answer: ApproachAnswer;
  };
  /** The signed-in member's balance, now or at a time. */
  get_v1_me_balance: {
    path: Record<string, never>;
    query: { at?: string };
    body: undefined;
    answer: Balance;
  };
  /** The signed-in member's check-ins, newest first. */
  get_v1_me_checkins: {
    path: Record<string, never>;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: CheckinPage;
  };
  /** The signed-in member is at a store, as the phone says. */
  post_v1_me_checkins: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: CheckinBody;
    answer: CheckinAnswer;
  };
  /** The signed-in member begins to stay at a store. Who is elsewhere gets a challenge as well: one that never passes. */
  post_v1_me_checkins_challenges: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: ChallengeBody;
    answer: ChallengeAnswer;
  };
  /** Take a coupon of a campaign; for points, it is on its way. */
  post_v1_me_claims: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: ClaimRequest;
    answer: Coupon | ClaimAnswer;
  };
  /** Where one of the signed-in member's claims stands. */
  get_v1_me_claims_claim_id: {
    path: { claim_id: string };
    query: Record<string, never>;
    body: undefined;
    answer: ClaimAnswer;
  };
  /** What the signed-in member shows at the till: texts, which any library draws as a barcode or QR. */
  get_v1_me_code: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: MemberCode;
  };
  /** The member's word on a purpose. */
  put_v1_me_consents_purpose: {
    path: { purpose: string };
    query: Record<string, never>;
    body: Consent;
    answer: Record<string, unknown>;
  };
  /** A page of the signed-in member's coupons, the newest first. */
  get_v1_me_coupons: {
    path: Record<string, never>;
    query: { state?: "issued" | "held" | "redeemed" | "expired" | "voided"; limit?: number; cursor?: string };
    body: undefined;
    answer: CouponPage;
  };
  /** One of the signed-in member's coupons. */
  get_v1_me_coupons_coupon_id: {
    path: { coupon_id: string };
    query: Record<string, never>;
    body: undefined;
    answer: Coupon;
  };
  /** The signed-in member's entries, newest first. */
  get_v1_me_entries: {
    path: Record<string, never>;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: EntryPage;
  };
  /** Everything that is kept about the signed-in member. */
  get_v1_me_export: {
    path: Record<string, never>;
    query: { cursor?: string };
    body: undefined;
    answer: Export;
  };
  /** The signed-in member stays after all. */
  post_v1_me_keep: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: Record<string, never> | undefined;
    answer: MemberAnswer;
  };
  /** The signed-in member's late claim of a receipt that was issued without a member: once, and within a window. */
  post_v1_me_receipts: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: ReceiptClaim;
    answer: PurchaseAnswer;
  };
  /** The signed-in member's cards, one for each programme that has given stamps. */
  get_v1_me_stamp_cards: {
    path: Record<string, never>;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: CardPage;
  };
  /** A new member with its identities; the same request again gets the same member. */
  post_v1_members: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: NewMember | undefined;
    answer: MemberAnswer;
  };
  /** The till's one scan: who is this, and what may they use. */
  post_v1_members_resolve: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: Resolve;
    answer: Resolved;
  };
  /** A member's profile; of one who is erased, that there was one. */
  get_v1_members_member_id: {
    path: { member_id: string };
    query: Record<string, never>;
    body: undefined;
    answer: MemberAnswer;
  };
  /** Erase a member now, and everybody who was merged into it. */
  delete_v1_members_member_id: {
    path: { member_id: string };
    query: Record<string, never>;
    body: Erase | undefined;
    answer: LeaveAnswer;
  };
  /** A member's balance, now or at a time. */
  get_v1_members_member_id_balance: {
    path: { member_id: string };
    query: { at?: string };
    body: undefined;
    answer: Balance;
  };
  /** A member's check-ins, newest first. */
  get_v1_members_member_id_checkins: {
    path: { member_id: string };
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: CheckinPage;
  };
  /** A page of a member's coupons, the newest first; to a till without what would use them. */
  get_v1_members_member_id_coupons: {
    path: { member_id: string };
    query: { state?: "issued" | "held" | "redeemed" | "expired" | "voided"; limit?: number; cursor?: string };
    body: undefined;
    answer: ListedPage;
  };
  /** A member's entries, newest first. */
  get_v1_members_member_id_entries: {
    path: { member_id: string };
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: EntryPage;
  };
  /** Everything that is kept about a member. */
  get_v1_members_member_id_export: {
    path: { member_id: string };
    query: { cursor?: string };
    body: undefined;
    answer: Export;
  };
  /** One more way to know a member. */
  post_v1_members_member_id_identities: {
    path: { member_id: string };
    query: Record<string, never>;
    body: NewIdentity;
    answer: MemberAnswer;
  };
  /** Forget one way to know a member. */
  delete_v1_members_member_id_identities_type: {
    path: { member_id: string; type: string };
    query: Record<string, never>;
    body: IdentityValue;
    answer: undefined;
  };
  /** Merge a member into another, who has all points from now on; the old id keeps leading there. */
  post_v1_members_member_id_merge: {
    path: { member_id: string };
    query: Record<string, never>;
    body: MergeRequest;
    answer: MergeAnswer;
  };
  /** End a merge: the member has its own account again, with what is left of what it had brought. */
  post_v1_members_member_id_unmerge: {
    path: { member_id: string };
    query: Record<string, never>;
    body: UnmergeRequest;
    answer: MergeAnswer;
  };
  /** Give a till its allowance of a business day; a second one of the same day is bounded by the same limits. */
  post_v1_offline_allowances: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: AllowanceRequest;
    answer: AllowanceAnswer;
  };
  /** The keys that tokens are signed with: the present one first, then the one before. */
  get_v1_offline_keys: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: Keys;
  };
  /** Take up to 500 things that happened without a line; a bad one harms no other. */
  post_v1_offline_sync: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: SyncRequest;
    answer: SyncResults;
  };
  /** What a till's business day without a line cost, and which of its sequence numbers never came. */
  get_v1_offline_terminals_terminal_id: {
    path: { terminal_id: string };
    query: { business_day: string; store_id?: string };
    body: undefined;
    answer: TerminalDay;
  };
  /** Undo the caller's operation of this id, or close the id if it never arrived. */
  post_v1_operations_operation_id_reverse: {
    path: { operation_id: string };
    query: Record<string, never>;
    body: Reverse;
    answer: ReverseAnswer;
  };
  /** What is left of the caller's budget. */
  get_v1_partner_budget: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: BudgetAnswer;
  };
  /** The caller's awards of a month as they stand now: JSON, or CSV for a spreadsheet. */
  get_v1_partner_statements_month: {
    path: { month: string };
    query: Record<string, never>;
    body: undefined;
    answer: Statement;
  };
  /** A partner's settings. */
  get_v1_partners_partner_id: {
    path: { partner_id: string };
    query: Record<string, never>;
    body: undefined;
    answer: PartnerAnswer;
  };
  /** Set a partner's budget and caps; in force everywhere when this has answered. */
  put_v1_partners_partner_id: {
    path: { partner_id: string };
    query: Record<string, never>;
    body: Partner;
    answer: PartnerAnswer;
  };
  /** The programme in force, or an old version of it. */
  get_v1_programme: {
    path: Record<string, never>;
    query: { version?: number };
    body: undefined;
    answer: Programme;
  };
  /** Set the programme; in force everywhere when this has answered. */
  put_v1_programme: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: Settings;
    answer: Programme;
  };
  /** What the purchases of some days would have earned under a programme, a page of members at a time. */
  post_v1_programme_simulations: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: Simulation;
    answer: SimulationAnswer;
  };
  /** Record a purchase: its points are there when this has answered. */
  post_v1_purchases: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: Purchase;
    answer: PurchaseAnswer;
  };
  /** Record up to 100 purchases, those of one member in one append; a bad one harms no other. */
  post_v1_purchases_batch: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: Batch;
    answer: BatchAnswer;
  };
  /** What a purchase would earn now; nothing is written. */
  post_v1_purchases_preview: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: Purchase;
    answer: PurchaseAnswer;
  };
  /** A placed purchase will never be completed: nothing of it stands. */
  post_v1_purchases_source_purchase_id_cancel: {
    path: { source: string; purchase_id: string };
    query: Record<string, never>;
    body: Record<string, never> | undefined;
    answer: PurchaseAnswer;
  };
  /** A placed purchase was handed over or shipped: its points are earned now. */
  post_v1_purchases_source_purchase_id_complete: {
    path: { source: string; purchase_id: string };
    query: Record<string, never>;
    body: Complete | undefined;
    answer: PurchaseAnswer;
  };
  /** Lines of a purchase come back, in whatever channel: earned points are taken back, used ones given back. */
  post_v1_purchases_source_purchase_id_returns: {
    path: { source: string; purchase_id: string };
    query: Record<string, never>;
    body: Return;
    answer: ReturnAnswer;
  };
  /** What a return would do now. Nothing is entered, but for the purchase itself if its process died. */
  post_v1_purchases_source_purchase_id_returns_preview: {
    path: { source: string; purchase_id: string };
    query: Record<string, never>;
    body: Return;
    answer: ReturnAnswer;
  };
  /** Compare a store's journal of a business day with the ledger: every receipt that is not alike on both sides. */
  post_v1_reconciliations: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: Reconciliation;
    answer: Comparison;
  };
  /** Use codes on a basket, all or nothing; with `hold_seconds` until the hold is captured or ends. */
  post_v1_redemptions: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: RedemptionRequest;
    answer: RedemptionAnswer;
  };
  /** Use for good what a redemption holds; again: the same answer. */
  post_v1_redemptions_redemption_id_capture: {
    path: { redemption_id: string };
    query: Record<string, never>;
    body: Record<string, never> | undefined;
    answer: RedemptionAnswer;
  };
  /** Give back every coupon of a redemption, once. One that never arrived is closed for good. */
  post_v1_redemptions_redemption_id_void: {
    path: { redemption_id: string };
    query: Record<string, never>;
    body: VoidRequest;
    answer: VoidAnswer;
  };
  /** What the last audit of all books found; `report_not_found` if none has left a note. */
  get_v1_reports_audit: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: AuditNote;
  };
  /** How much lies in the dead-letter queues, approximately; `temporarily_unavailable` if one of them can't be asked. */
  get_v1_reports_dead_letters: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: DeadLetters;
  };
  /** What was outstanding at the end of a day: JSON, or CSV for a spreadsheet. */
  get_v1_reports_liability: {
    path: Record<string, never>;
    query: { on?: string };
    body: undefined;
    answer: Liability;
  };
  /** What was issued, spent, and expired on some days, a page of members at a time. */
  get_v1_reports_movements: {
    path: Record<string, never>;
    query: { since: string; until: string; cursor?: string };
    body: undefined;
    answer: MovementsAnswer;
  };
  /** How many messages could not be done, by place and cause. */
  get_v1_reports_parked: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: Parked;
  };
  /** A page of the check-ins that wait for a review, of all stores or one, the oldest first. */
  get_v1_reviews: {
    path: Record<string, never>;
    query: { limit?: number; cursor?: string; store_id?: string };
    body: undefined;
    answer: ReviewPage;
  };
  /** Decide up to 100 reviews, each as if alone: a bad one harms no other. */
  post_v1_reviews_batch: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: ReviewBatch;
    answer: ReviewResults;
  };
  /** Pay a check-in that waited for its review, dated by the day of the visit. */
  post_v1_reviews_review_id_approve: {
    path: { review_id: string };
    query: Record<string, never>;
    body: Record<string, never> | undefined;
    answer: ReviewAnswer;
  };
  /** Do not pay a check-in that waited for its review. */
  post_v1_reviews_review_id_reject: {
    path: { review_id: string };
    query: Record<string, never>;
    body: Record<string, never> | undefined;
    answer: ReviewAnswer;
  };
  /** Take points out of a member's account. */
  post_v1_spends: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: Spend;
    answer: SpendAnswer;
  };
  /** Which member a member of staff is. */
  get_v1_staff_staff_id: {
    path: { staff_id: string };
    query: Record<string, never>;
    body: undefined;
    answer: StaffAnswer;
  };
  /** Say which member a member of staff is; in force everywhere when this has answered. */
  put_v1_staff_staff_id: {
    path: { staff_id: string };
    query: Record<string, never>;
    body: StaffCard;
    answer: StaffAnswer;
  };
  /** Forget which member somebody was. */
  delete_v1_staff_staff_id: {
    path: { staff_id: string };
    query: Record<string, never>;
    body: undefined;
    answer: undefined;
  };
  /** A page of the stamp programmes, in the order of their ids. */
  get_v1_stamp_programmes: {
    path: Record<string, never>;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: ProgrammePage;
  };
  /** A new stamp programme, which never changes. It counts everywhere when this has answered. */
  post_v1_stamp_programmes: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: StampProgramme;
    answer: StampProgramme;
  };
  /** A stamp programme as it was made. */
  get_v1_stamp_programmes_programme_id: {
    path: { programme_id: string };
    query: Record<string, never>;
    body: undefined;
    answer: StampProgramme;
  };
  /** Give a member stamps by hand, within the programme's limit of a day; a full card is a coupon at once. */
  post_v1_stamps: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: StampRequest;
    answer: Stamped;
  };
  /** A page of all stores, in the order of their ids; with words, of those whose id or name has them. */
  get_v1_stores: {
    path: Record<string, never>;
    query: { q?: string; limit?: number; cursor?: string };
    body: undefined;
    answer: StorePage;
  };
  /** Set up to 500 stores, each for itself; in force everywhere when this has answered. The same again changes nothing. */
  post_v1_stores_import: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: StoreImport;
    answer: ImportedStores;
  };
  /** The stores around a point, nearest first, with what is on offer there. */
  get_v1_stores_nearby: {
    path: Record<string, never>;
    query: { lat: number; lon: number; radius_m?: number; limit?: number };
    body: undefined;
    answer: NearbyAnswer;
  };
  /** A store as it was set. */
  get_v1_stores_store_id: {
    path: { store_id: string };
    query: Record<string, never>;
    body: undefined;
    answer: Store;
  };
  /** Set a store; in force everywhere when this has answered. The same again changes nothing. */
  put_v1_stores_store_id: {
    path: { store_id: string };
    query: Record<string, never>;
    body: StoreBody;
    answer: Store;
  };
  /** How many guests checked in at a store by hour, and how many usually do. */
  get_v1_stores_store_id_guests: {
    path: { store_id: string };
    query: { days?: number };
    body: undefined;
    answer: Guests;
  };
  /** The code that a store's screen shows now; a terminal shows its own store's only. */
  get_v1_stores_store_id_presence_code: {
    path: { store_id: string };
    query: Record<string, never>;
    body: undefined;
    answer: PresenceCode;
  };
  /** What to print as the store's QR: the same for as long as the stage has its secret. */
  get_v1_stores_store_id_qr: {
    path: { store_id: string };
    query: Record<string, never>;
    body: undefined;
    answer: StoreQr;
  };
  /** Stop or resume what a store gives for check-ins; they are recorded all the same. */
  put_v1_stores_store_id_rewards_pause: {
    path: { store_id: string };
    query: Record<string, never>;
    body: Pause;
    answer: PauseAnswer;
  };
  /** The place of the caller's key: what a till must know of its store, for its offline allowance and its journal. */
  get_v1_till: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: Here;
  };
  /** Something happened to a member: the campaigns that want it issue a coupon, each once. */
  post_v1_triggers: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: TriggerRequest;
    answer: TriggerAnswer;
  };
  /** What these codes would take off this basket; with a member and no codes, the member's best set. */
  post_v1_validations: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: ValidationRequest;
    answer: ValidationAnswer;
  };
  /** A page of the endpoints, without secrets. */
  get_v1_webhooks: {
    path: Record<string, never>;
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: WebhookPage;
  };
  /** A new endpoint. Asked again with the same content, the same endpoint without its secret. */
  post_v1_webhooks: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: NewWebhook;
    answer: WebhookAnswer;
  };
  /** One endpoint, without its secret. */
  get_v1_webhooks_webhook_id: {
    path: { webhook_id: string };
    query: Record<string, never>;
    body: undefined;
    answer: WebhookAnswer;
  };
  /** Nothing is sent to the endpoint any more, and nothing is known of it. */
  delete_v1_webhooks_webhook_id: {
    path: { webhook_id: string };
    query: Record<string, never>;
    body: undefined;
    answer: undefined;
  };
  /** What was sent to an endpoint, or will be, as far as it is kept: the newest events first. */
  get_v1_webhooks_webhook_id_deliveries: {
    path: { webhook_id: string };
    query: { limit?: number; cursor?: string };
    body: undefined;
    answer: DeliveryPage;
  };
  /** Send all kept events since a time again, in the background; an endpoint that was disabled is tried again. */
  post_v1_webhooks_webhook_id_replay: {
    path: { webhook_id: string };
    query: Record<string, never>;
    body: Replay;
    answer: ReplayAnswer;
  };
  /** A new secret. Those of before sign as well until the overlap is over, so that nothing is lost on the way. */
  post_v1_webhooks_webhook_id_rotate: {
    path: { webhook_id: string };
    query: Record<string, never>;
    body: Rotate | undefined;
    answer: WebhookAnswer;
  };
  /** Who the token or key stands for, and what it may do. */
  get_v1_whoami: {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: WhoAmI;
  };
}

/** The name of a route. */
export type OperationId = keyof Operations;

/** What is sent to a route. */
export type Body<O extends OperationId> = Operations[O]["body"];

/** The variables of a route's path. */
export type Path<O extends OperationId> = Operations[O]["path"];

/** The variables of a route's query. */
export type Query<O extends OperationId> = Operations[O]["query"];

/** What a route answers when it does what it was asked. */
export type Answer<O extends OperationId> = Operations[O]["answer"];

/** What a route answers when it refuses. */
export type Refusal = Problem;
