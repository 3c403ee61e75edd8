// The first view: what the points come to, what campaigns do, when guests check in, and what waits for people.

import { el } from "../lib/dom.js";
import { day, money, moment, number } from "../lib/format.js";
import { daysOf, lineOf, monthsOf } from "./charts.js";
import { dayOf } from "./days.js";
import { Guests } from "./guests.js";
import { all, bars, card, command, each, figure, trouble, waiting } from "./parts.js";

const MONTHS = 12;
const TREND_DAYS = [28, 21, 14, 7, 3, 1];
const [RUNNING, SHOWN] = [12, 8]; // campaigns looked at, and shown
const [MOVED_DAYS, SAMPLE] = [30, 500]; // of so many members the days are told, if there are as many
const HOUR_MS = 3_600_000;

export class Overview {
  #session;
  #words;
  #root;
  #who;
  #found = {};
  #guests;
  #isOpen = false;

  constructor({ session, words, root, who }) {
    this.#session = session;
    this.#words = words;
    this.#root = root;
    this.#who = who;
    this.#guests = new Guests({ session, words }, async (read) => {
      await this.#load("guests", read, true);
      this.#root.querySelector("#store")?.focus();
    });
  }

  async open() {
    this.#isOpen = true;
    this.draw();
    const may = (scope) => this.#who.scopes.includes(scope);
    await this.#load("waiting", () => this.#readWaiting(may), true);
    await this.#load("points", () => this.#readPoints(), may("reports:read"));
    await this.#load("moved", () => this.#readMoved(), may("reports:read"));
    await this.#load("campaigns", () => this.#readCampaigns(), may("campaigns:admin"));
    await this.#load("guests", () => this.#guests.read(), may("stores:admin") && may("reports:read"));
    await this.#loadTrend();
  }

  close() {
    this.#isOpen = false;
  }

  draw() {
    if (!this.#isOpen) return;
    const { t } = this.#words;
    const part = (name, title, draw) => {
      const found = this.#found[name];
      if (found === undefined) return [card(t(title), waiting(t))];
      if (found === null) return [];
      if (found.failure)
        return [
          card(
            t(title),
            trouble(found.failure, t, () => this.open()),
          ),
        ];
      return draw(found);
    };
    this.#root.replaceChildren(
      el("h1", {}, t("overview")),
      ...part("waiting", "waiting_for_you", (found) => [this.#waitingCard(found)]),
      el(
        "div",
        { class: "stacks" },
        ...part("points", "points_owed", (found) => this.#pointsCards(found)),
        ...part("moved", "moved", (found) => [this.#movedCard(found)]),
        ...part("campaigns", "by_campaign", (found) => [this.#campaignsCard(found)]),
        ...part("guests", "by_hour", (found) => [found.card()]),
      ),
    );
  }

  async #load(name, read, isAllowed) {
    if (!this.#isOpen) return;
    try {
      this.#found[name] = isAllowed ? await read() : null;
    } catch (failure) {
      if (failure.code === "unauthenticated") return;
      this.#found[name] = failure.status === 403 ? null : { failure };
    }
    this.draw();
  }

  // ---- points ----

  async #readPoints() {
    return { newest: await this.#report(""), trend: [] };
  }

  /**
   * How it came to that, when all else is there: the days before. One that was not computed at night is added up when
   * it is asked for, which takes some seconds, and may be missing; there is none where nothing was owed.
   */
  async #loadTrend() {
    const { newest } = this.#found.points ?? {};
    if (!this.#isOpen || !newest?.total) return;
    const before = [];
    for (const ago of TREND_DAYS) {
      const on = daysBefore(newest.on, ago);
      before.push(await this.#session.get("points", `/v1/reports/liability?on=${on}`).catch(() => null));
    }
    this.#found.points.trend = [...before.filter(Boolean), newest].map(({ on, total }) => ({ on, points: total }));
    this.draw();
  }

  async #report(query) {
    try {
      return await this.#session.read("points", `/v1/reports/liability${query}`);
    } catch (failure) {
      if (failure.code === "report_not_found") return null;
      throw failure;
    }
  }

  #pointsCards({ newest, trend }) {
    const { t, language } = this.#words;
    if (newest === null) {
      return [card(t("points_owed"), el("p", {}, t("no_report")), command("omo report liability", t))];
    }
    const { total, held, pending, debt, paid, members, on } = newest;
    const figures = [
      figure(t("outstanding"), number(total, language), t("of_members", { count: number(members, language) })),
      figure(t("pending"), number(pending, language)),
      figure(t("held"), number(held, language)),
      figure(t("debt"), number(debt, language)),
      ...(paid ? [figure(t("paid"), number(paid, language))] : []),
    ];
    const sums = expiring(newest.by_month);
    const said = sums.map(({ month, points }) => `${this.#month(month)}: ${number(points, language)}`).join(", ");
    const soon = sums.slice(0, 3).filter(({ month }) => month);
    const cards = [
      card(
        t("points_owed"),
        el("dl", { class: "figures" }, ...figures),
        trend.length > 1
          ? lineOf(trend, `${t("trend")}: ${trend.map((one) => `${one.on} ${one.points}`).join(", ")}`, this.#words)
          : null,
        el(
          "p",
          { class: "small" },
          t("report_of", { day: day(on, language), at: moment(newest.computed_at, language) }),
        ),
        members ? null : el("p", {}, t("report_empty")),
      ),
      card(
        t("expiring"),
        sums.length ? monthsOf(sums, `${t("expiring")}: ${said}`, this.#words) : el("p", {}, t("none_expiring")),
        ...soon.map((one) =>
          el(
            "p",
            { class: "small" },
            t("expire_in", { month: this.#month(one.month), points: number(one.points, language) }),
          ),
        ),
      ),
    ];
    return cards;
  }

  #month(month) {
    const { t, language } = this.#words;
    return month ? day(`${month}-01`, language, { year: "numeric", month: "long" }) : t("never");
  }

  // ---- what moved ----

  /** Some pages of the members, in an order that has nothing to do with who they are: all of them in a small shop. */
  async #readMoved() {
    for (const today of [1, 0, -1]) {
      try {
        return await this.#readDays(dayOf(today - MOVED_DAYS + 1), dayOf(today));
      } catch (failure) {
        // It is not that day yet where the programme is.
        if (failure.code !== "invalid_request" || today === -1) throw failure;
      }
    }
  }

  async #readDays(since, until) {
    const sums = { days: new Map(), members: 0, isWhole: false };
    for (let cursor = null; sums.members < SAMPLE;) {
      const from = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
      const page = await this.#session.read("points", `/v1/reports/movements?since=${since}&until=${until}${from}`);
      sums.members += page.members;
      for (const { day: on, issued, spent, expired } of page.days) {
        const before = sums.days.get(on) ?? [0, 0, 0];
        sums.days.set(on, [before[0] + issued, before[1] + spent, before[2] + expired]);
      }
      cursor = page.next_cursor;
      sums.isWhole = cursor === null;
      if (sums.isWhole || !this.#isOpen) break;
    }
    return sums;
  }

  #movedCard({ days, members, isWhole }) {
    const { t, language } = this.#words;
    const rows = [...days].map(([on, [issued, spent, expired]]) => ({ on, issued, spent, expired }));
    const n = (name) =>
      number(
        rows.reduce((sum, row) => sum + row[name], 0),
        language,
      );
    const values = { issued: n("issued"), spent: n("spent"), expired: n("expired") };
    return card(
      t("moved"),
      el(
        "dl",
        { class: "figures" },
        figure(t("moved_issued"), values.issued),
        figure(t("moved_spent"), values.spent),
        figure(t("moved_expired"), values.expired),
      ),
      daysOf(rows, `${t("moved")}: ${t("moved_words", values)}`, this.#words),
      el("p", { class: "small" }, t(isWhole ? "moved_all" : "moved_some", { count: number(members, language) })),
      el(
        "details",
        {},
        el("summary", {}, t("by_month")),
        el("p", {}, t("by_month_words")),
        command("omo report months", t),
      ),
    );
  }

  // ---- campaigns ----

  async #readCampaigns() {
    const { items } = await all(this.#session, "coupons", "/v1/campaigns");
    const running = items.filter(({ state }) => state === "active" || state === "paused");
    const shown = running.slice(-RUNNING);
    const stats = await each(shown, ({ campaign_id: id }) =>
      this.#session.read("coupons", `/v1/campaigns/${encodeURIComponent(id)}/stats`),
    );
    const rows = shown.map((campaign, n) => ({ campaign, stats: stats[n] }));
    return { count: items.length, isAll: running.length <= RUNNING, rows };
  }

  #campaignsCard({ count, isAll, rows }) {
    const { t, language } = this.#words;
    const given = rows.reduce((sum, { stats }) => sum + stats.discount_total, 0);
    const points = rows.reduce((sum, { stats }) => sum + stats.bonus_points_total, 0);
    const sorted = [...rows].sort((one, other) => other.stats.redeemed - one.stats.redeemed);
    return card(
      t("by_campaign"),
      rows.length === 0
        ? el("p", {}, t("no_running"))
        : bars(
            t("by_campaign"),
            sorted.slice(0, SHOWN).map(({ campaign, stats }) => ({
              name: campaign.name[language],
              href: `#campaigns/${encodeURIComponent(campaign.campaign_id)}`,
              value: stats.redeemed,
              text: t("times", { count: number(stats.redeemed, language) }),
            })),
          ),
      isAll ? null : el("p", { class: "small" }, t("newest_campaigns", { count: RUNNING })),
      el(
        "dl",
        { class: "figures" },
        figure(t("taken_off"), money(given, language)),
        figure(t("points_given"), number(points, language)),
      ),
      el("p", {}, el("a", { href: "#campaigns" }, t("all_campaigns", { count: number(count, language) }))),
    );
  }

  // ---- what waits ----

  async #readWaiting(may) {
    const [alerts, reviews, stores] = await Promise.all([
      may("reports:read") ? this.#session.read("points", "/v1/alerts?limit=100") : { items: [], next_cursor: null },
      may("checkins:review")
        ? this.#session.read("checkin", "/v1/reviews?limit=100")
        : { items: [], next_cursor: null },
      may("stores:admin") ? this.#session.read("checkin", "/v1/stores?limit=100") : { items: [], next_cursor: null },
    ]);
    return { alerts, reviews, paused: stores.items.filter(({ paused_by: by }) => by === "anomaly") };
  }

  #waitingCard({ alerts, reviews, paused }) {
    const { t, language } = this.#words;
    const count = ({ items, next_cursor: more }) => number(items.length, language) + (more ? "+" : "");
    const rows = [
      [alerts.items.length, t("open_alerts"), count(alerts), "#decisions"],
      [reviews.items.length, t("waiting_reviews"), count(reviews), "#decisions"],
      [paused.length, t("paused_stores"), number(paused.length, language), "#stores"],
    ].filter(([some]) => some > 0);
    if (rows.length === 0) return card(t("waiting_for_you"), el("p", {}, t("nothing_waits")));
    return card(
      t("waiting_for_you"),
      el(
        "ul",
        { class: "todo" },
        ...rows.map(([, name, text, href]) => el("li", {}, el("a", { href }, name, " ", el("strong", {}, text)))),
      ),
    );
  }
}

/** Sums by month, the next twelve and all later ones together. */
function expiring(rows) {
  const sums = new Map();
  for (const { month, points } of rows) sums.set(month, (sums.get(month) ?? 0) + points);
  const dated = [...sums].filter(([month]) => month !== null).sort();
  const never = sums.get(null);
  return [...dated.slice(0, MONTHS + 1), ...(never ? [[null, never]] : [])].map(([month, points]) => ({
    month,
    points,
  }));
}

function daysBefore(on, days) {
  return new Date(Date.parse(`${on}T00:00:00Z`) - days * 24 * HOUR_MS).toISOString().slice(0, 10);
}
