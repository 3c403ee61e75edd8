// What a member has, what of it expires when, and what has happened.

import { isPassing } from "../lib/again.js";
import { $, el, say } from "../lib/dom.js";
import { change, day, moment, number } from "../lib/format.js";
import { chartOf } from "./chart.js";

const PAGE = 10;
const EXPIRING_MAX = 6;
const KINDS = [
  "opened",
  "earned",
  "pending",
  "activated",
  "spent",
  "held",
  "captured",
  "released",
  "returned",
  "restored",
  "expired",
  "adjusted",
  "reversed",
  "merged",
];

export class Points {
  #session;
  #words;
  #balance = null;
  #entries = [];
  #cursor = null;
  #language = null;

  constructor(session, words) {
    this.#session = session;
    this.#words = words;
    $("more").onclick = () => this.#read(this.#cursor);
  }

  take(balance) {
    this.#balance = balance;
    this.draw();
  }

  load() {
    this.#read(null);
  }

  draw() {
    if (this.#balance === null) return;
    const { language, t } = this.#words;
    const { available, pending, held, debt, expiring } = this.#balance;
    for (const [name, points] of Object.entries({ available, pending, held, debt })) {
      say($(`sum-${name}`), number(points, language));
    }
    $("debt-row").hidden = debt === 0;
    $("nothing-expires").hidden = expiring.length > 0;
    $("chart").replaceChildren(...(expiring.length ? [chartOf(this.#balance, this.#words)] : []));
    const rows = expiring
      .slice(0, EXPIRING_MAX)
      .map((lot) =>
        el(
          "li",
          {},
          el(
            "span",
            { class: `lot ${lot.kind}` },
            t("expires", { day: day(lot.on, language) }),
            el("small", {}, t(lot.kind)),
          ),
          el("strong", {}, number(lot.points, language)),
        ),
      );
    $("expiring").replaceChildren(...rows);
    // The explanations of a history are in the language in which it was asked for.
    if (this.#language !== null && this.#language !== language) this.load();
    else this.#drawEntries();
  }

  async #read(cursor) {
    const { language } = this.#words;
    const more = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    try {
      const page = await this.#session.read("points", `/v1/me/entries?limit=${PAGE}${more}`);
      this.#entries = cursor === null ? page.items : [...this.#entries, ...page.items];
      this.#cursor = page.next_cursor;
      this.#language = language;
    } catch (failure) {
      if (!isPassing(failure)) this.#cursor = null;
      return;
    }
    this.#drawEntries();
  }

  #drawEntries() {
    if (this.#language === null) return;
    $("entries").replaceChildren(...this.#entries.map((entry) => this.#row(entry)));
    $("no-entries").hidden = this.#entries.length > 0;
    $("more").hidden = this.#cursor === null;
  }

  #row({ kind, points, balance_after: after, occurred_at: at, ref, explain }) {
    const { t, language } = this.#words;
    const what = t(`kind_${KINDS.includes(kind) ? kind : "other"}`);
    const from = ref && REFS[ref.kind] ? ` · ${t(REFS[ref.kind])}` : "";
    const why = (explain ?? []).map((one) => el("small", {}, `${one.detail}: ${change(one.points, language)}`));
    return el(
      "li",
      {},
      el("span", {}, `${what}${from}`, el("small", {}, el("time", { datetime: at }, moment(at, language))), ...why),
      el(
        "span",
        { class: "amount" },
        el("strong", { class: points > 0 ? "gain" : "" }, change(points, language)),
        el("small", {}, t("balance_after", { points: number(after, language) })),
      ),
    );
  }
}

const REFS = { purchase: "ref_purchase", checkin: "ref_checkin", award: "ref_award", coupon: "ref_coupon" };
