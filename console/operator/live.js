// Live events: what has happened, as it is told to an endpoint of the shop, newest first.

import { $, el } from "../lib/dom.js";
import { moment, number } from "../lib/format.js";
import { badge, button, card, command, sure, trouble, waiting, whyNot } from "./parts.js";

const LOOK_MS = 2_000;
const SHOWN = 50;
const TYPES = [
  "purchase.recorded",
  "purchase.completed",
  "purchase.cancelled",
  "purchase.returned",
  "points.earned",
  "points.spent",
  "points.held",
  "points.released",
  "points.returned",
  "points.expired",
  "points.adjusted",
  "points.reversed",
  "award.given",
  "tier.changed",
  "member.created",
  "member.merged",
  "member.erased",
  "campaign.exhausted",
  "coupon.issued",
  "coupon.redeemed",
  "coupon.voided",
  "stamp.added",
  "stamp_card.completed",
  "checkin.accepted",
  "checkin.flagged",
  "checkin.anomaly",
  "store.approached",
];

export class Live {
  #session;
  #words;
  #root;
  #hooks = null;
  #hook = null;
  #where = null;
  #deliveries = null;
  #failure = null;
  #told = "";
  #isRunning = true;
  #timer = null;
  #isOpen = false;

  constructor({ session, words, root }) {
    this.#session = session;
    this.#words = words;
    this.#root = root;
  }

  async open() {
    this.#isOpen = true;
    this.draw();
    try {
      const { door } = await this.#session.where();
      this.#where = door?.hook ?? null;
      this.#hooks = (await this.#session.read("points", "/v1/webhooks?limit=100")).items;
      this.#hook ??= this.#hooks[0]?.webhook_id ?? null;
      this.#failure = null;
    } catch (failure) {
      if (failure.code === "unauthenticated") return;
      this.#failure = failure;
    }
    this.draw();
    await this.#look();
  }

  close() {
    this.#isOpen = false;
    clearTimeout(this.#timer);
  }

  draw() {
    if (!this.#isOpen) return;
    const { t } = this.#words;
    const head = el("h1", {}, t("live"));
    if (this.#failure)
      return this.#root.replaceChildren(
        head,
        trouble(this.#failure, t, () => this.open()),
      );
    if (this.#hooks === null) return this.#root.replaceChildren(head, waiting(t));
    this.#root.replaceChildren(
      head,
      el("p", { class: "small" }, t("live_words")),
      el("p", { role: "status" }, this.#told),
      this.#hook === null ? this.#noneCard() : this.#hookCard(),
      this.#hook === null ? "" : el("ul", { id: "events", class: "events", "aria-label": t("live") }),
    );
    this.#drawEvents();
  }

  #noneCard() {
    const { t } = this.#words;
    const example = `{"webhook_id": "crm", "url": "https://crm.example/omotenashi", "types": ["points.earned"]}`;
    return card(
      t("no_endpoint"),
      el("p", {}, t("no_endpoint_words")),
      this.#where
        ? button(t("watch_here"), () => this.#begin(), { class: "main", id: "watch" })
        : command(`POST /v1/webhooks ${example}`, t),
    );
  }

  #hookCard() {
    const { t, language } = this.#words;
    const hook = this.#hooks.find(({ webhook_id: id }) => id === this.#hook);
    const choose = el(
      "select",
      {
        "aria-label": t("endpoint"),
        change: (event) => {
          this.#hook = event.target.value;
          this.#deliveries = null;
          this.draw();
          this.#root.querySelector("select").focus();
          this.#look();
        },
      },
      ...this.#hooks.map(({ webhook_id: id }) =>
        el("option", { value: id, ...(id === this.#hook && { selected: "" }) }, id),
      ),
    );
    const isOurs = hook.url === this.#where; // the local stack's console itself, which throws away what it gets
    return card(
      t("endpoint"),
      choose,
      el("p", { class: "small" }, `${hook.url} · ${t("types_count", { count: number(hook.types.length, language) })}`),
      hook.state === "disabled"
        ? el("p", { class: "wrong" }, t("disabled", { why: hook.disabled_reason ?? "" }))
        : null,
      el(
        "div",
        { class: "row" },
        button(t(this.#isRunning ? "hold_still" : "go_on"), () => this.#turn(), { id: "turn" }),
        isOurs ? button(t("watch_no_more"), () => this.#end()) : null,
      ),
    );
  }

  async #begin() {
    try {
      const body = { webhook_id: `console-${crypto.randomUUID().slice(0, 8)}`, url: this.#where, types: TYPES };
      await this.#session.send("points", "/v1/webhooks", body);
      this.#told = this.#words.t("watching");
    } catch (failure) {
      this.#told = whyNot(failure, this.#words.t);
    }
    await this.open();
  }

  async #end() {
    const { t } = this.#words;
    if (!(await sure(t("watch_no_more_sure"), t("watch_no_more"), t))) return;
    try {
      await this.#session.send("points", `/v1/webhooks/${encodeURIComponent(this.#hook)}`, {}, "DELETE");
      this.#hook = this.#deliveries = null;
      this.#told = t("watched");
    } catch (failure) {
      this.#told = whyNot(failure, t);
    }
    await this.open();
  }

  #turn() {
    this.#isRunning = !this.#isRunning;
    this.draw();
    $("turn").focus();
    this.#look();
  }

  async #look() {
    clearTimeout(this.#timer);
    if (!this.#isOpen || !this.#isRunning || this.#hook === null) return;
    const hook = this.#hook;
    try {
      const path = `/v1/webhooks/${encodeURIComponent(hook)}/deliveries?limit=${SHOWN}`;
      const { items } = await this.#session.get("points", path);
      if (hook !== this.#hook || !this.#isOpen) return;
      this.#deliveries = items;
      this.#drawEvents();
    } catch (failure) {
      if (failure.code === "unauthenticated") return; // anything else passes: it is asked for again
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), LOOK_MS);
  }

  #drawEvents() {
    const { t, language } = this.#words;
    const list = $("events");
    if (!list) return;
    if (this.#deliveries === null) return list.replaceChildren(el("li", {}, waiting(t)));
    if (this.#deliveries.length === 0) return list.replaceChildren(el("li", {}, t("nothing_yet")));
    list.replaceChildren(
      ...this.#deliveries.map((one) =>
        el(
          "li",
          {},
          el("time", { class: "small", datetime: one.occurred_at }, moment(one.occurred_at, language)),
          el("strong", {}, shortName(one.type)),
          badge(one.state, t(`delivery_${one.state}`)),
          el(
            "span",
            { class: "small" },
            one.state === "delivered"
              ? ""
              : t("tries", { count: number(one.attempts, language), why: one.error ?? "–" }),
          ),
        ),
      ),
    );
  }
}

const shortName = (type) => type.replace(/^omotenashi\./, "").replace(/\.v\d+$/, "");
