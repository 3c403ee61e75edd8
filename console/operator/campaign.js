// One campaign: its terms and figures, pause, resume and end, what may be changed, and its codes on paper.

import { el } from "../lib/dom.js";
import { day, money, moment, number, offer } from "../lib/format.js";
import { budgetOf } from "./campaigns.js";
import { Codes } from "./codes.js";
import { Form } from "./form.js";
import { badge, bar, button, card, figure, sure, trouble, waiting, whyNot } from "./parts.js";

const AGAIN_MS = 5_000;
const CHANGES = [
  { name: "name_ja", label: "name_ja", kind: "text", keeps: true, maxlength: 200, pointer: "/name/ja" },
  { name: "name_en", label: "name_en", kind: "text", keeps: true, maxlength: 200, pointer: "/name/en" },
  { name: "valid_until", label: "valid_until", kind: "date", pointer: "/valid_until" },
  { name: "stores", label: "stores_only", hint: "stores_hint", kind: "text", pointer: "/stores" },
  { name: "total", label: "limit_total", hint: "not_later", kind: "number", pointer: "/limits/total" },
  { name: "budget", label: "limit_budget", hint: "not_later", kind: "number", pointer: "/limits/budget" },
  { name: "per_member", label: "limit_per_member", kind: "number", pointer: "/limits/per_member" },
  { name: "per_store_day", label: "limit_per_store_day", kind: "number", pointer: "/limits/per_store_day" },
];

export class Campaign {
  #session;
  #words;
  #root;
  #id;
  #campaign = null;
  #stats = null;
  #failure = null;
  #told = "";
  #form = null;
  #codes;
  #timer = null;
  #isOpen = false;

  constructor({ session, words, root }, id) {
    this.#session = session;
    this.#words = words;
    this.#root = root;
    this.#id = id;
    this.#codes = new Codes({ session, words }, id);
  }

  async open() {
    this.#isOpen = true;
    this.draw();
    try {
      this.#campaign = await this.#session.read("coupons", this.#path());
      await this.#readStats();
    } catch (failure) {
      if (failure.code === "unauthenticated" || !this.#isOpen) return;
      this.#failure = failure;
    }
    this.draw();
  }

  close() {
    this.#isOpen = false;
    clearTimeout(this.#timer);
    this.#codes.close();
  }

  draw() {
    if (!this.#isOpen) return;
    const { t } = this.#words;
    const back = el("p", {}, el("a", { href: "#campaigns" }, `← ${t("campaigns")}`));
    if (this.#failure) {
      const again = () => {
        this.#failure = null;
        return this.open();
      };
      return this.#root.replaceChildren(back, trouble(this.#failure, t, again));
    }
    if (this.#campaign === null) return this.#root.replaceChildren(back, waiting(t));
    this.#form ??= this.#makeForm();
    this.#form.draw();
    this.#root.replaceChildren(
      back,
      this.#head(),
      el("div", { class: "columns" }, this.#terms(), this.#figures()),
      el(
        "details",
        { class: "card part" },
        el("summary", {}, t("change_it")),
        el("p", { class: "small" }, t("change_words")),
        this.#form.element,
      ),
      this.#campaign.code.mode === "unique" ? this.#codes.card(this.#campaign) : "",
    );
  }

  #path(what = "") {
    return `/v1/campaigns/${encodeURIComponent(this.#id)}${what}`;
  }

  async #readStats() {
    clearTimeout(this.#timer);
    this.#stats = await this.#session.read("coupons", this.#path("/stats"));
    this.#timer = setTimeout(() => this.#refresh(), AGAIN_MS);
  }

  /** Figures come by event: what is seen goes on by itself, and what is being typed stays. */
  async #refresh() {
    try {
      await this.#readStats();
      const shown = this.#root.querySelector("#figures");
      if (this.#isOpen && shown) shown.replaceWith(this.#figures());
    } catch {
      this.#timer = setTimeout(() => this.#refresh(), 2 * AGAIN_MS); // what is seen is of a moment ago, and says so
    }
  }

  // ---- what is seen ----

  #head() {
    const { t, language } = this.#words;
    const { name, state } = this.#campaign;
    const actions = [];
    if (state === "draft") actions.push(this.#action("resume", "begin_it", "main"));
    if (state === "active") actions.push(this.#action("pause", "pause_it"));
    if (state === "paused") actions.push(this.#action("resume", "resume_it", "main"));
    if (state !== "ended") actions.push(this.#action("end", "end_it"));
    return el(
      "header",
      { class: "head" },
      el("div", { class: "title" }, el("h1", {}, name[language]), badge(state, t(`state_${state}`))),
      el("div", { class: "row" }, ...actions),
      el("p", { class: "small", role: "status" }, this.#told || t(`state_${state}_words`)),
    );
  }

  #action(what, label, kind = "") {
    const { t } = this.#words;
    return button(t(label), () => this.#turn(what), { class: kind, "data-action": what });
  }

  async #turn(what) {
    const { t } = this.#words;
    if (what === "end" && !(await sure(t("end_sure"), t("end_it"), t))) return;
    try {
      this.#campaign = await this.#session.send("coupons", this.#path(`/${what}`), {});
      this.#told = "";
    } catch (failure) {
      this.#told = whyNot(failure, t);
    }
    this.draw();
    this.#root.querySelector("[data-action]")?.focus();
  }

  #terms() {
    const { t, language } = this.#words;
    const campaign = this.#campaign;
    const { offer: terms, valid_from: from, valid_until: until, limits } = campaign;
    const list = (items) => (items ? items.join(", ") : null);
    const rows = [
      ["offer", offer(terms, language)],
      [
        "eligible",
        list(
          [...(terms.skus ?? []), ...(terms.categories ?? [])].length
            ? [...(terms.skus ?? []), ...(terms.categories ?? [])]
            : null,
        ),
      ],
      ["min_purchase", campaign.min_purchase ? money(campaign.min_purchase, language) : null],
      ["window", `${day(from, language)} – ${until ? day(until, language) : t("without_end")}`],
      [
        "valid_days",
        campaign.valid_days === undefined ? null : t("days", { count: number(campaign.valid_days, language) }),
      ],
      ["channels", campaign.channels ? campaign.channels.map((one) => t(`channel_${one}`)).join(", ") : null],
      ["stores_only", list(campaign.stores)],
      ["given_by", this.#givenBy()],
      ["shared_code", campaign.shared_code],
      ["limit_per_member", limits.per_member && number(limits.per_member, language)],
      ["limit_per_store_day", limits.per_store_day && number(limits.per_store_day, language)],
      ["exclusive", campaign.stacking.exclusive ? t("yes") : null],
      ["campaign_id", campaign.campaign_id],
    ];
    return card(
      t("terms"),
      el(
        "dl",
        { class: "terms" },
        ...rows
          .filter(([, value]) => value !== null && value !== undefined)
          .map(([name, value]) => el("div", {}, el("dt", {}, t(name)), el("dd", {}, String(value)))),
      ),
    );
  }

  #givenBy() {
    const { t, language } = this.#words;
    const { code, trigger, price_points: price, claimable, bind } = this.#campaign;
    if (code.mode !== "unique") return t(`code_${code.mode}`);
    if (trigger) return t("by_event", { event: trigger.event });
    if (price) return t("by_price", { points: number(price, language) });
    return t(claimable && !bind && !code.sleeping ? "by_claim" : "by_shop");
  }

  #figures() {
    const { t, language } = this.#words;
    if (this.#stats === null) return el("section", { id: "figures", class: "card part" }, waiting(t));
    const stats = this.#stats;
    const n = (value) => number(value, language);
    const made = card(
      t("figures"),
      el(
        "dl",
        { class: "figures" },
        figure(t("issued"), n(stats.issued)),
        figure(t("codes_made"), n(stats.codes_made)),
        figure(t("redeemed"), n(stats.redeemed)),
        figure(t("voided"), n(stats.voided)),
        figure(t("expired"), n(stats.expired)),
        figure(t("taken_off"), money(stats.discount_total, language)),
        ...(stats.bonus_points_total ? [figure(t("points_given"), n(stats.bonus_points_total))] : []),
        ...(stats.uplift.average_basket_amount !== undefined && stats.uplift.average_basket_amount !== null
          ? [figure(t("average_basket"), money(stats.uplift.average_basket_amount, language))]
          : []),
      ),
      stats.budget.limit ? budgetOf(stats, this.#words) : el("p", { class: "small" }, t("no_budget")),
      stats.total.limit
        ? el(
            "div",
            { class: "used" },
            bar(stats.total.used, stats.total.limit),
            el("p", { class: "small" }, t("total_words", { used: n(stats.total.used), limit: n(stats.total.limit) })),
          )
        : null,
      el("p", { class: "small" }, t("as_of", { at: moment(stats.as_of, language) })),
    );
    made.id = "figures";
    return made;
  }

  // ---- what may be changed ----

  #makeForm() {
    const form = new Form({
      words: this.#words,
      parts: [{ fields: CHANGES }],
      submit: "save",
      onSubmit: (values) => this.#change(form, values),
    });
    form.set(valuesOf(this.#campaign));
    return form;
  }

  async #change(form, values) {
    const { t } = this.#words;
    try {
      this.#campaign = await this.#session.send("coupons", this.#path(), changeOf(this.#campaign, values), "PATCH");
      this.#told = t("saved");
      this.#form = null;
      this.draw();
    } catch (failure) {
      form.fail(failure.said?.errors ?? [], whyNot(failure, t));
    }
  }
}

function valuesOf({ name, valid_until: until, stores, limits }) {
  return { name_ja: name.ja, name_en: name.en, valid_until: until, stores: stores?.join(", "), ...limits };
}

/** What to send: all that may be changed as it stands in the form; `null` takes an optional field away. */
function changeOf(before, { name_ja: ja, name_en: en, valid_until: until, stores, ...limits }) {
  const named = (stores ?? "").split(/[\s,、]+/).filter(Boolean);
  return {
    name: { ja: ja ?? "", en: en ?? "" },
    limits,
    ...(until || before.valid_until ? { valid_until: until ?? null } : {}),
    ...(named.length || before.stores ? { stores: named.length ? named : null } : {}),
  };
}
