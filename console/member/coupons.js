// A member's coupons: those that can be used, each with its one-time code, and those of the past. And stamp cards.

import { $, el, say } from "../lib/dom.js";
import { day, money, moment, offer } from "../lib/format.js";
import { qrOf } from "../lib/qr.js";

const LIMIT = 50;
const STAMPS_MAX = 20;

export class Coupons {
  #session;
  #words;
  #items = null;
  #cards = [];
  #open = null;
  #reading = null;

  constructor(session, words) {
    this.#session = session;
    this.#words = words;
    $("close").onclick = () => $("ticket").close();
    $("offline").onchange = () => this.#drawTicket();
    $("ticket").onclose = () => this.#clearTicket();
  }

  /** Read them anew; one reading at a time is enough, however often it is asked for. */
  async load() {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    await this.#reading;
  }

  async #read() {
    try {
      this.#items = (await this.#session.read("coupons", `/v1/me/coupons?limit=${LIMIT}`)).items;
      this.draw();
      this.#cards = (await this.#session.read("coupons", "/v1/me/stamp-cards")).items;
      this.draw();
    } catch {
      // What was seen before is still the last that is known.
    }
  }

  draw() {
    if (this.#items === null) return;
    const usable = this.#items.filter(({ state }) => state === "issued" || state === "held");
    const past = this.#items.filter((one) => !usable.includes(one));
    $("usable").replaceChildren(...usable.map((one) => this.#ticket(one)));
    $("no-coupons").hidden = usable.length > 0;
    $("past").replaceChildren(...past.map((one) => this.#pastRow(one)));
    $("past-part").hidden = past.length === 0;
    $("cards").replaceChildren(...this.#cards.map((one) => this.#stampCard(one)));
    if (this.#open) this.#drawTicket();
  }

  #ticket(one) {
    const { t, language } = this.#words;
    const isHeld = one.state === "held";
    return el(
      "li",
      { class: "ticket" },
      el("div", { class: "worth" }, el("h2", {}, offer(one.offer, language))),
      el(
        "div",
        {},
        one.name ? el("p", {}, one.name[language]) : null,
        one.min_purchase
          ? el("p", { class: "small" }, t("from_purchase", { money: money(one.min_purchase, language) }))
          : null,
        el("p", { class: "small" }, this.#until(one)),
        el(
          "button",
          { type: "button", disabled: isHeld && "", click: () => this.#show(one) },
          t(isHeld ? "state_held" : "show_coupon"),
        ),
      ),
    );
  }

  #until({ valid_from: first, valid_until: last }) {
    const { t, language } = this.#words;
    const isToCome = first > new Date().toISOString().slice(0, 10);
    if (last === null) return t("no_end");
    return isToCome
      ? t("from_to", { from: day(first, language), to: day(last, language) })
      : t("until", { day: day(last, language) });
  }

  #pastRow(one) {
    const { t, language } = this.#words;
    const when = one.redeemed_at ? moment(one.redeemed_at, language) : this.#until(one);
    return el(
      "li",
      {},
      el("span", {}, one.name?.[language] ?? offer(one.offer, language), el("small", {}, when)),
      el("span", {}, t(`state_${one.state}`)),
    );
  }

  #stampCard({ stamps, needed, name }) {
    const { t } = this.#words;
    const words = t("stamps", { stamps, needed });
    const dots = Array.from({ length: Math.min(needed, STAMPS_MAX) }, (_, place) => (place < stamps ? "●" : "○")).join(
      "",
    );
    return el(
      "li",
      {},
      el("span", {}, name ?? "", el("small", { "aria-hidden": "true" }, dots)),
      el("span", {}, words),
    );
  }

  // ---- one coupon, to be shown at the till ----

  #show(one) {
    this.#open = one;
    $("offline").checked = false;
    this.#drawTicket();
    $("ticket").showModal();
    this.#look(one);
  }

  /** Read the one that is shown: so the shop knows that it was looked at, and a code that was used meanwhile goes. */
  async #look({ coupon_id: id }) {
    try {
      const read = await this.#session.read("coupons", `/v1/me/coupons/${encodeURIComponent(id)}`);
      if (this.#open?.coupon_id !== id) return;
      this.#open = read;
      if (read.state === "issued" || read.state === "held") this.#drawTicket();
      else $("ticket").close();
    } catch {
      // What the list said is the last that is known; without a line it must do.
    }
  }

  #drawTicket() {
    const { t, language } = this.#words;
    const one = this.#open;
    const isOffline = $("offline").checked && one.offline_token !== undefined;
    say($("ticket-title"), offer(one.offer, language));
    say($("ticket-until"), this.#until(one));
    $("no-line").hidden = one.offline_token === undefined;
    $("ticket-qr").replaceChildren(qrOf(isOffline ? one.offline_token : one.qr_payload, t("ticket_qr")));
    say($("ticket-code"), isOffline ? "" : one.code);
  }

  #clearTicket() {
    this.#open = null;
    $("ticket-qr").replaceChildren();
    $("ticket-code").textContent = "";
    this.load();
  }
}
