// What waits for people: alerts of what tills do, and check-ins that nobody could make so fast, or that too many made.

import { el } from "../lib/dom.js";
import { clock, day, distance, money, moment, number } from "../lib/format.js";
import { badge, button, card, table, trouble, waiting, whyNot } from "./parts.js";

const VERDICTS = ["harmless", "mistake", "fraud"];
const BATCH = 100;
const PAGE = 20;
const REASONS = ["travel", "anomaly", "many_stores"];

export class Decisions {
  #session;
  #words;
  #root;
  #who;
  #state = "open";
  #lists = { alerts: null, reviews: null };
  #told = "";
  #isOpen = false;

  constructor({ session, words, root, who }) {
    this.#session = session;
    this.#words = words;
    this.#root = root;
    this.#who = who;
  }

  async open() {
    this.#isOpen = true;
    this.draw();
    await Promise.all([
      this.#may("reports:read") && this.#read("alerts"),
      this.#may("checkins:review") && this.#read("reviews"),
    ]);
  }

  close() {
    this.#isOpen = false;
  }

  draw() {
    if (!this.#isOpen) return;
    const { t } = this.#words;
    this.#root.replaceChildren(
      el("h1", {}, t("decisions")),
      el("p", { role: "status", id: "decided" }, this.#told),
      this.#may("reports:read") ? this.#alertsCard() : "",
      this.#may("checkins:review") ? this.#reviewsCard() : "",
    );
  }

  #may(scope) {
    return this.#who.scopes.includes(scope);
  }

  async #read(what, cursor = null) {
    const from = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
    const [service, path] =
      what === "alerts"
        ? ["points", `/v1/alerts?state=${this.#state}&limit=${PAGE}`]
        : ["checkin", `/v1/reviews?limit=${BATCH}`];
    try {
      const page = await this.#session.read(service, path + from);
      const before = cursor ? this.#lists[what].items : [];
      this.#lists[what] = { items: [...before, ...page.items], cursor: page.next_cursor };
    } catch (failure) {
      if (failure.code === "unauthenticated") return;
      this.#lists[what] = { failure };
    }
    this.draw();
  }

  #list(what, nothing, row) {
    const { t } = this.#words;
    const found = this.#lists[what];
    if (found === null) return [waiting(t)];
    if (found.failure) return [trouble(found.failure, t, () => this.#read(what))];
    if (found.items.length === 0 && !found.cursor) return [el("p", {}, nothing)];
    const more = found.cursor ? [button(t("more"), () => this.#read(what, found.cursor))] : [];
    return [el("ul", { class: "cards" }, ...found.items.map(row)), ...more];
  }

  // ---- alerts ----

  #alertsCard() {
    const { t } = this.#words;
    const states = el(
      "select",
      { "aria-label": t("which_alerts") },
      el("option", { value: "open" }, t("alerts_open")),
      el("option", { value: "all" }, t("alerts_all")),
    );
    states.value = this.#state;
    states.addEventListener("change", async () => {
      this.#state = states.value;
      await this.#read("alerts");
      this.#root.querySelector("select")?.focus();
    });
    return card(
      t("alerts"),
      el("p", { class: "small" }, t("alerts_words")),
      states,
      ...this.#list("alerts", t("no_alerts"), (alert) => this.#alert(alert)),
    );
  }

  #alert(alert) {
    const { t, language } = this.#words;
    const where = [alert.store_id, alert.terminal_id].filter(Boolean).join(" / ");
    const names = [t("member_id", { id: alert.member_id }), ...alert.staff_ids.map((id) => t("staff_id", { id }))];
    const rows = alert.evidence.map((one) => [
      one.purchase_id,
      money(one.amount, language),
      moment(one.occurred_at, language),
    ]);
    const waits = alert.waiting.length
      ? el("p", {}, t("points_wait", { count: number(alert.waiting.length, language) }))
      : null;
    return el(
      "li",
      { class: "card entry" },
      el(
        "div",
        { class: "title" },
        el("h3", {}, t(`rule_${alert.rule}`)),
        badge(
          alert.state === "open" ? "paused" : "ended",
          t(`alert_${alert.state === "open" ? alert.outcome : "resolved"}`),
        ),
      ),
      el("p", { class: "small" }, `${where} · ${day(alert.business_day, language)} · ${names.join(" · ")}`),
      el("p", {}, alert.text),
      waits,
      el(
        "details",
        {},
        el("summary", {}, t("evidence", { count: number(rows.length, language) })),
        table(t("evidence", { count: rows.length }), [t("purchase"), t("amount"), t("at")], rows, [1]),
      ),
      alert.resolution
        ? el("p", { class: "small" }, this.#resolved(alert.resolution))
        : this.#may("points:admin")
          ? this.#verdicts(alert)
          : null,
    );
  }

  #resolved({ verdict, by, at }) {
    const { t, language } = this.#words;
    return t("resolved_as", { verdict: t(`verdict_${verdict}`), by, at: moment(at, language) });
  }

  #verdicts(alert) {
    const { t } = this.#words;
    const buttons = VERDICTS.map((verdict) =>
      button(t(`verdict_${verdict}`), () => this.#resolve(alert, verdict), { "data-verdict": verdict }),
    );
    return el(
      "div",
      { class: "row", role: "group", "aria-label": t("it_was") },
      el("span", {}, t("it_was")),
      ...buttons,
    );
  }

  async #resolve(alert, verdict) {
    const { t } = this.#words;
    const path = `/v1/alerts/${encodeURIComponent(alert.alert_id)}/resolve`;
    try {
      const said = await this.#session.send("points", path, { verdict });
      const { items } = this.#lists.alerts;
      this.#lists.alerts.items =
        this.#state === "open"
          ? items.filter((one) => one !== alert)
          : items.map((one) => (one === alert ? said : one));
      this.#told = t("alert_done", { verdict: t(`verdict_${verdict}`) });
    } catch (failure) {
      this.#told = whyNot(failure, t);
    }
    this.#drawFocused();
  }

  // ---- reviews ----

  #reviewsCard() {
    const { t, language } = this.#words;
    const found = this.#lists.reviews;
    const some = found?.items?.length ?? 0;
    const together =
      some > 1
        ? el(
            "div",
            { class: "row" },
            button(t("approve_all", { count: number(some, language) }), () => this.#decideAll("approve")),
            button(t("reject_all", { count: number(some, language) }), () => this.#decideAll("reject")),
          )
        : null;
    return card(
      t("reviews"),
      el("p", { class: "small" }, t("reviews_words")),
      together,
      ...this.#list("reviews", t("no_reviews"), (review) => this.#review(review)),
    );
  }

  #review(review) {
    const { t, language } = this.#words;
    const { points, campaigns } = review.reward;
    const reason = t(REASONS.includes(review.reason) ? `review_${review.reason}` : "review_other", {
      reason: review.reason,
    });
    const at = `${day(review.business_day, language)} ${clock(review.occurred_at, language)}`;
    const apart = review.distance_m
      ? t("apart", {
          least: distance(review.distance_m.at_least, language),
          most: distance(review.distance_m.at_most, language),
        })
      : "";
    return el(
      "li",
      { class: "card entry" },
      el("h3", {}, reason),
      el("p", { class: "small" }, [review.store_id, at, t("member_id", { id: review.member_id })].join(" · ")),
      el(
        "p",
        {},
        [t("would_get", { points: number(points, language) }), ...campaigns, apart].filter(Boolean).join(" · "),
      ),
      el(
        "div",
        { class: "row" },
        button(t("approve"), () => this.#decide(review, "approve"), { class: "main", "data-decision": "approve" }),
        button(t("reject"), () => this.#decide(review, "reject"), { "data-decision": "reject" }),
      ),
    );
  }

  async #decide(review, decision) {
    const { t } = this.#words;
    try {
      await this.#session.send("checkin", `/v1/reviews/${encodeURIComponent(review.review_id)}/${decision}`, {});
      this.#gone([review.review_id]);
      this.#told = t(decision === "approve" ? "approved" : "rejected");
    } catch (failure) {
      if (failure.code === "review_decided") this.#gone([review.review_id]);
      this.#told = whyNot(failure, t);
    }
    this.#drawFocused();
  }

  async #decideAll(decision) {
    const { t, language } = this.#words;
    const ids = this.#lists.reviews.items.slice(0, BATCH).map(({ review_id: id }) => id);
    try {
      const sent = { reviews: ids.map((review_id) => ({ review_id, decision })) };
      const { results } = await this.#session.send("checkin", "/v1/reviews/batch", sent);
      const done = results.filter(({ status }) => status === 200).map(({ review_id: id }) => id);
      this.#gone(results.filter(({ status }) => status === 200 || status === 409).map(({ review_id: id }) => id));
      const values = { done: number(done.length, language), count: number(ids.length, language) };
      this.#told = t(decision === "approve" ? "approved_all" : "rejected_all", values);
    } catch (failure) {
      this.#told = whyNot(failure, t);
    }
    this.#drawFocused();
  }

  #gone(ids) {
    const { reviews } = this.#lists;
    reviews.items = reviews.items.filter(({ review_id: id }) => !ids.includes(id));
  }

  /** What was pressed is gone: whoever works by keyboard goes on at the next one. */
  #drawFocused() {
    this.draw();
    (this.#root.querySelector("[data-decision], [data-verdict]") ?? this.#root).focus();
  }
}
