// Campaigns: the list with what each has cost, and the way to one of them or to a new one.

import { el } from "../lib/dom.js";
import { day, money, number, offer } from "../lib/format.js";
import { Campaign } from "./campaign.js";
import { NewCampaign } from "./new_campaign.js";
import { all, badge, bar, card, each, trouble, waiting } from "./parts.js";

const STATES = ["active", "paused", "draft", "ended"];

export class Campaigns {
  #all;
  #session;
  #words;
  #root;
  #found = null;
  #failure = null;
  #stats = new Map();
  #wanted = "";
  #state = "";
  #one = null;
  #list = null;
  #isOpen = false;

  constructor(all_) {
    this.#all = all_;
    ({ session: this.#session, words: this.#words, root: this.#root } = all_);
  }

  async open(id = null) {
    this.#isOpen = true;
    if (id === "+") this.#one = new NewCampaign(this.#all);
    else if (id) this.#one = new Campaign(this.#all, id);
    if (this.#one) return await this.#one.open();
    this.draw();
    try {
      this.#found = await all(this.#session, "coupons", "/v1/campaigns");
      this.draw();
      await this.#readStats();
    } catch (failure) {
      if (failure.code === "unauthenticated" || !this.#isOpen) return;
      this.#failure = failure;
      this.draw();
    }
  }

  close() {
    this.#isOpen = false;
    this.#one?.close();
  }

  draw() {
    if (this.#one) return this.#one.draw();
    if (!this.#isOpen) return;
    const { t } = this.#words;
    const head = el(
      "div",
      { class: "title" },
      el("h1", {}, t("campaigns")),
      el("a", { href: "#campaigns/+", class: "press" }, t("new_campaign")),
    );
    if (this.#failure) {
      const again = () => {
        this.#failure = null;
        return this.open();
      };
      return this.#root.replaceChildren(head, card(t("campaigns"), trouble(this.#failure, t, again)));
    }
    if (this.#found === null) return this.#root.replaceChildren(head, waiting(t));
    this.#list = el("ul", { class: "cards" });
    this.#root.replaceChildren(head, this.#filters(), this.#list);
    this.#drawList();
  }

  #filters() {
    const { t } = this.#words;
    const search = el("input", { type: "search", class: "plain", "aria-label": t("search"), placeholder: t("search") });
    search.value = this.#wanted;
    search.addEventListener("input", () => {
      this.#wanted = search.value;
      this.#drawList();
    });
    const states = el(
      "select",
      { "aria-label": t("state") },
      el("option", { value: "" }, t("every_state")),
      ...STATES.map((state) => el("option", { value: state }, t(`state_${state}`))),
    );
    states.value = this.#state;
    states.addEventListener("change", () => {
      this.#state = states.value;
      this.#drawList();
    });
    return el("div", { class: "filters" }, search, states);
  }

  #drawList() {
    const { t } = this.#words;
    const wanted = folded(this.#wanted);
    const fits = ({ campaign_id: id, name, state }) =>
      (this.#state === "" || state === this.#state) && folded(`${id} ${name.ja} ${name.en}`).includes(wanted);
    const shown = this.#found.items.filter(fits);
    shown.sort((one, other) => STATES.indexOf(one.state) - STATES.indexOf(other.state));
    this.#list.replaceChildren(
      ...shown.map((campaign) => this.#row(campaign)),
      ...(shown.length === 0 ? [el("li", { class: "none" }, t("no_such_campaign"))] : []),
    );
  }

  #row(campaign) {
    const { t, language } = this.#words;
    const { campaign_id: id, name, state, valid_from: from, valid_until: until, limits } = campaign;
    const stats = this.#stats.get(id);
    const to = until ? day(until, language) : t("without_end");
    const figures = stats
      ? [
          t("issued_count", { count: number(stats.issued + stats.codes_made, language) }),
          t("redeemed_count", { count: number(stats.redeemed, language) }),
          t("cost_so_far", { money: money(stats.discount_total, language) }),
        ]
      : [t("figures_come")];
    return el(
      "li",
      { class: "card entry" },
      el(
        "div",
        { class: "title" },
        el("h2", {}, el("a", { href: `#campaigns/${encodeURIComponent(id)}` }, name[language])),
        badge(state, t(`state_${state}`)),
      ),
      el("p", { class: "small" }, `${offer(campaign.offer, language)} · ${day(from, language)} – ${to} · ${id}`),
      el("p", {}, figures.join(" · ")),
      limits.budget && stats ? budgetOf(stats, this.#words) : null,
    );
  }

  async #readStats() {
    await each(this.#found.items, async ({ campaign_id: id }) => {
      if (!this.#isOpen) return;
      this.#stats.set(id, await this.#session.read("coupons", `/v1/campaigns/${encodeURIComponent(id)}/stats`));
      if (this.#isOpen && this.#list) this.#drawList();
    });
  }
}

/** How much of a campaign's budget is used, drawn and in words. */
export function budgetOf({ budget }, { t, language }) {
  const values = {
    used: money(budget.used, language),
    left: money(budget.left, language),
    limit: money(budget.limit, language),
  };
  return el(
    "div",
    { class: "used" },
    bar(budget.used, budget.limit),
    el("p", { class: "small" }, t("budget_words", values)),
  );
}

const folded = (text) => text.normalize("NFKC").toLowerCase();
