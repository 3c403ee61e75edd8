// The sale that is being put together: items, the customer, coupons, points. What a scanner reads comes in here.

import { Refusal } from "../lib/api.js";
import { $, say } from "../lib/dom.js";
import { money, number } from "../lib/format.js";
import { Basket, discountsOf, reckon } from "./basket.js";
import { drawCoupons, drawCustomer, drawLines, drawSums, reason, sameCode } from "./draw.js";
import { ITEMS } from "./items.js";
import { Declined } from "./offline.js";
import { NOTHING, Quote, takenAlone } from "./quote.js";
import { read } from "./scan.js";

export class Counter {
  #line;
  #journal;
  #words;
  #who;
  #quote;
  #basket = new Basket();
  #customer = null;
  #coupons = [];
  #alone = null;
  #note = null;

  constructor(line, journal, who, words) {
    this.#line = line;
    this.#journal = journal;
    this.#who = who;
    this.#words = words;
    this.#quote = new Quote(line, () => this.draw());
  }

  get isEmpty() {
    return this.#basket.lines.length === 0;
  }

  /** Done when it is known what coupons take off. */
  get ready() {
    return this.#quote.ready;
  }

  /** What is to be sold, as the checkout takes it. */
  get sale() {
    const chosen = this.#coupons.filter(({ isChosen, token }) => isChosen && !token);
    const taken = this.#coupons.some(({ isChosen, token }) => isChosen && token) ? this.#alone : null;
    const codes = chosen.map(({ code }) => code);
    return {
      lines: this.#basket.lines.map((line) => ({ ...line })),
      customer: this.#customer,
      codes,
      points: this.#points,
      taken,
    };
  }

  /** Whether the sale can be sent off: no coupon in it that does not fit, and no more points than there is to pay. */
  get why() {
    const { refused } = this.#seen;
    if (this.isEmpty) return "empty";
    if (refused.length > 0) return this.#reasonOf(refused[0]);
    return this.#points > this.#reckoned.total ? "exceeds_total" : null;
  }

  /** Everything off the counter; the customer too, unless the items stay. */
  clear({ keepsItems = false } = {}) {
    if (!keepsItems) this.#basket = new Basket();
    this.#customer = null;
    this.#coupons = [];
    this.#alone = this.#note = null;
    $("points").value = "0";
    this.#changed();
  }

  // ---- what comes in ----

  async scan(text) {
    const found = read(text);
    this.#tell(null);
    if (found.kind === "amount") this.add({ name: null, unit: found.unit, quantity: found.quantity });
    else if (found.kind === "item") this.#addByJan(found.jan);
    else if (found.kind === "member") await this.#whoIs(found.code);
    else if (found.kind === "coupon") this.#addCoupon(found.code);
    else if (found.kind === "token") await this.#addToken(found.token);
    else this.#tell("unknown");
  }

  add(item) {
    this.#basket.add(item);
    this.#changed();
  }

  change(what, id) {
    if (what === "rate") this.#basket.turnRate(id);
    else this.#basket.change(id, what === "more" ? 1 : -1);
    this.#changed();
  }

  #addByJan(jan) {
    const item = ITEMS.find((one) => one.jan === jan);
    if (item) this.add(item);
    else this.#tell("unknown_item");
  }

  /** Who shows this code. Without a line it is kept as it is: the purchase names it, and points finds out later. */
  async #whoIs(code) {
    if (!this.#line.isUp) return this.#welcome({ code });
    try {
      const said = await this.#line.send("points", "/v1/members/resolve", { member: { code } });
      const coupons = said.coupons.filter((one) => one.code).map((one) => ({ ...one, isChosen: false }));
      this.#coupons = [...this.#coupons.filter(({ offer }) => !offer), ...coupons];
      this.#welcome({ ...said, code });
    } catch (failure) {
      if (failure instanceof Refusal) this.#fail(failure);
      else this.#welcome({ code });
    }
  }

  #welcome(customer) {
    this.#customer = customer;
    this.#changed();
  }

  leaveCustomer() {
    this.#customer = null;
    this.#coupons = this.#coupons.filter(({ offer }) => !offer);
    $("points").value = "0";
    this.#changed();
  }

  #addCoupon(code) {
    const known = this.#coupons.find((one) => sameCode(one.code, code));
    if (known?.isChosen) return this.#tell("already_in");
    if (!this.#line.isUp) return this.#tell("offline_coupon_only");
    if (known) known.isChosen = true;
    else this.#coupons.push({ code, isChosen: true });
    this.#changed();
  }

  async #addToken(token) {
    if (this.#line.isUp) return this.#tell("online_now");
    if (this.#journal.read("allowance") === null) return this.#tell("no_allowance");
    if (this.#coupons.some((one) => one.token)) return this.#tell("one_coupon");
    this.#coupons.push({ token, code: token, isChosen: true });
    await this.#changed();
  }

  chooseCoupon(coupon) {
    coupon.isChosen = !coupon.isChosen;
    this.#changed();
  }

  allPoints() {
    const most = this.#mostPoints;
    if (most > 0) $("points").value = String(most);
    this.#changed();
  }

  /** The line is up or down: what could be used before may be of no use now. */
  lineChanged() {
    if (this.#line.isUp) this.#coupons = this.#coupons.filter(({ token }) => !token);
    else {
      this.#coupons = this.#coupons.filter(({ token }) => token);
      $("points").value = "0";
    }
    this.#changed();
  }

  pointsTyped() {
    this.#changed();
  }

  // ---- what it comes to ----

  get #isSpending() {
    return this.#line.isUp && this.#customer?.code_level === "rotating";
  }

  get #points() {
    const typed = Number($("points").value.normalize("NFKC"));
    return this.#isSpending && Number.isInteger(typed) && typed > 0 ? typed : 0;
  }

  get #mostPoints() {
    return this.#isSpending ? Math.max(0, Math.min(this.#customer.balance, this.#reckoned.total)) : 0;
  }

  /** What is known of coupons: of the service, or without a line of the token itself. */
  get #seen() {
    if (this.#line.isUp || this.#alone === null) return this.#line.isUp ? this.#quote.now : NOTHING;
    const { why, applied, text } = this.#alone;
    return why ? { ...NOTHING, refused: [{ code: text, reason: why }] } : { ...NOTHING, applied };
  }

  get #reckoned() {
    return reckon(this.#basket.lines, discountsOf(this.#seen.applied));
  }

  async #changed() {
    this.#alone = null;
    const token = this.#coupons.find((one) => one.token && one.isChosen)?.token;
    if (token && !this.isEmpty) await this.#weigh(token);
    const { lines } = this.#basket;
    this.#quote.ask({ lines, coupons: this.#coupons, customer: this.#customer, points: this.#points });
    this.draw();
  }

  async #weigh(token) {
    try {
      this.#alone = await takenAlone(token, this.#basket.lines, this.#journal.read("allowance"), this.#who.store_id);
    } catch (failure) {
      if (!(failure instanceof Declined)) throw failure;
      this.#coupons = this.#coupons.filter((one) => !one.token);
      this.#tell(failure.code);
    }
  }

  // ---- what is seen ----

  #reasonOf({ reason: code }) {
    return code === "token_expired" ? code : reason(code, (name) => name);
  }

  #fail(failure) {
    const known = ["member_not_found", "code_used", "code_expired", "forbidden"];
    if (known.includes(failure.code)) this.#tell(failure.code);
    else this.tell({ detail: failure.said.detail ?? failure.code });
  }

  #tell(words) {
    this.tell(words && { words });
  }

  /** Tell the cashier something: the name of a text, or what the service said itself. */
  tell(note) {
    this.#note = note;
    this.#drawNote();
  }

  #drawNote() {
    say($("note"), this.#note ? (this.#note.detail ?? this.#words.t(this.#note.words)) : "");
    $("note").classList.toggle("calm", Boolean(this.#note?.isCalm));
  }

  draw() {
    const words = this.#words;
    const { t, language } = words;
    const seen = this.#seen;
    const reckoned = this.#reckoned;
    drawLines(this.#basket.lines, words, (what, id) => this.change(what, id));
    drawCustomer(this.#customer, words);
    drawCoupons(this.#coupons, seen, words, (coupon) => this.chooseCoupon(coupon));
    drawSums($("sums"), reckoned, this.#points, seen.earns, words);
    $("spend").hidden = !this.#isSpending || this.#customer.balance <= 0;
    say($("points-hint"), t("points_hint", { most: number(this.#mostPoints, language) }));
    say($("pay"), `${t("pay", { money: money(reckoned.total - this.#points, language) })} `);
    this.#drawNote();
  }
}
