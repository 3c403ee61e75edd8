// A sale on its way into the books: the coupons are redeemed, then the purchase spends and earns, in one append. It is
// kept with its ids before anything is sent, and every try sends the same; neither a time-out nor a reload counts twice.

import { insist, isPassing } from "../lib/again.js";
import { asSent, discountsOf, purchaseOf, reckon, spread } from "./basket.js";
import { mayGive } from "./offline.js";

const OPEN = "sale";
const DONE = "done";
const DONE_MAX = 30;

export class Checkout {
  #line;
  #journal;
  #told;

  /** `told` hears: waiting(tries), stuck(sale), refused(failure), done(sale). */
  constructor(line, journal, told) {
    this.#line = line;
    this.#journal = journal;
    this.#told = told;
  }

  /** The sale that is on its way, be it from before a reload. */
  get open() {
    return this.#journal.read(OPEN);
  }

  /** What was sold at this till, the newest first. */
  get sales() {
    const sales = this.#journal.all(DONE).map(({ value }) => value);
    return sales.sort((one, other) => other.at.localeCompare(one.at));
  }

  /** Begin: these lines, to this customer (or null), with these coupons' codes and so many points. */
  async begin({ lines, customer, codes, points }) {
    const at = new Date().toISOString();
    const sale = { id: this.#journal.name(), lines, customer, points, at, applied: [] };
    if (codes.length > 0) {
      const redemption_id = this.#journal.name();
      sale.redemption = { redemption_id, codes, channel: "pos", basket: asSent(lines), order_ref: sale.id };
    }
    this.#journal.write(OPEN, sale);
    await this.goOn();
  }

  /** Send what has not been answered yet: the same under the same ids. */
  async goOn() {
    const sale = this.open;
    try {
      if (sale.redemption && !sale.isRedeemed) await this.#redeem(sale);
      await this.#record(sale);
    } catch (failure) {
      if (isPassing(failure)) this.#told.stuck(sale);
      else this.#refused(sale, failure);
      return;
    }
    this.#close({ ...sale, state: "done" });
  }

  async #redeem(sale) {
    const said = await insist(() => this.#line.send("coupons", "/v1/redemptions", sale.redemption), this.#told.waiting);
    Object.assign(sale, { isRedeemed: true, applied: said.applied });
    this.#journal.write(OPEN, sale);
  }

  async #record(sale) {
    if (!sale.purchase) {
      const reckoned = reckon(sale.lines, discountsOf(sale.applied));
      const { customer, points, at, id } = sale;
      const member = customer && (points > 0 ? { scan: customer.scan } : { member_id: customer.member_id });
      const redemptions = sale.redemption ? [sale.redemption.redemption_id] : [];
      sale.purchase = purchaseOf({ id, reckoned, member, points, redemptions, at });
      this.#journal.write(OPEN, sale);
    }
    sale.answer = await insist(() => this.#line.send("points", "/v1/purchases", sale.purchase), this.#told.waiting);
  }

  // ---- when it does not go on ----

  /** Whether the sale can be closed without the line: only whether the purchase has arrived is unknown. */
  canWait(sale) {
    return Boolean(sale.purchase) && sale.points === 0;
  }

  /** Close it without the line: the same purchase waits under the same id, and counts once in any case. */
  wait() {
    const sale = this.open;
    this.#line.queue({ id: sale.id, kind: "purchase", occurred_at: sale.at, body: sale.purchase });
    this.#close({ ...sale, state: "waiting" });
  }

  /** Give it up: whatever has arrived of it is undone. */
  giveUp() {
    const sale = this.open;
    this.#undo(sale);
    this.#journal.remove(OPEN);
  }

  #refused(sale, failure) {
    if (sale.isRedeemed) this.#line.undo("redemption", sale.redemption.redemption_id);
    this.#journal.remove(OPEN);
    this.#told.refused(failure);
  }

  #undo(sale) {
    if (sale.purchase) this.#line.undo("purchase", sale.id);
    if (sale.redemption) this.#line.undo("redemption", sale.redemption.redemption_id);
  }

  // ---- without a line ----

  /** Sell without the line: `taken` is a coupon by its token, {text, token, discount}, or null. Throws `Declined`. */
  sellAlone({ lines, customer, taken }) {
    const at = new Date().toISOString();
    const sale = { id: this.#journal.name(), lines, customer, points: 0, at, applied: [], state: "waiting" };
    const redemptions = [];
    if (taken) {
      const redemption_id = this.#journal.name();
      redemptions.push(redemption_id);
      sale.redemption = { redemption_id };
      this.#take(sale, taken, redemption_id);
    }
    const member = customer && (customer.member_id ? { member_id: customer.member_id } : { code: customer.code });
    const reckoned = reckon(lines, discountsOf(sale.applied));
    sale.purchase = purchaseOf({ id: sale.id, reckoned, member, redemptions, at });
    this.#line.queue({ id: sale.id, kind: "purchase", occurred_at: at, body: sale.purchase });
    this.#close(sale);
  }

  /** What a till remembers is what keeps one coupon from being used at it twice: it is written before the receipt. */
  #take(sale, { text, token, discount }, redemptionId) {
    const allowance = this.#journal.read("allowance");
    mayGive(allowance.told, allowance, token, discount, Date.now());
    const taken = [...allowance.taken, token.spot];
    this.#journal.write("allowance", { ...allowance, taken, given: allowance.given + discount });
    const basket = asSent(sale.lines);
    const shares = spread(discount, basket.lines);
    const lines = [...shares].map(([line_id, share]) => ({ line_id, discount: share }));
    sale.applied = [{ coupon_id: token.spot, discount, lines, explain: [] }];
    const body = { redemption_id: redemptionId, channel: "pos", basket, order_ref: sale.id, discount };
    const item = { id: redemptionId, kind: "redemption", allowance_id: allowance.told.allowance_id };
    this.#line.queue({ ...item, offline_token: text, occurred_at: sale.at, body });
  }

  // ---- afterwards ----

  /** Take a sale back that was closed; one that still waits is closed for good before it arrives. */
  takeBack(id) {
    const sale = this.sales.find((one) => one.id === id);
    for (const one of [sale.id, sale.redemption?.redemption_id]) if (one) this.#journal.drop("queue", one);
    this.#undo(sale);
    this.#journal.put(DONE, id, { ...sale, state: "undone" });
  }

  #close(sale) {
    this.#journal.remove(OPEN);
    this.#journal.put(DONE, sale.id, sale);
    for (const { id } of this.#journal.all(DONE).slice(0, -DONE_MAX)) this.#journal.drop(DONE, id);
    this.#told.done(sale);
  }
}
