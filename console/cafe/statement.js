// What the partner has given: today, and month by month. Days and months are those of the programme's zone.

import { insist } from "../lib/again.js";
import { $, el, say } from "../lib/dom.js";
import { day, number } from "../lib/format.js";

const AGAIN_MS = 5_000;
const LINES_MAX = 500; // on the screen; the file has all

export class Statement {
  #session;
  #words;
  #onUndo;
  #now = null;
  #shown = null;
  #month = null;
  #timer = null;

  constructor(session, words, onUndo) {
    this.#session = session;
    this.#words = words;
    this.#onUndo = onUndo;
    $("before").onclick = () => this.#turn(-1);
    $("after").onclick = () => this.#turn(1);
    $("csv").onclick = () => this.#save();
  }

  /** This month, for today's list, and the month that is looked at. */
  async load() {
    clearTimeout(this.#timer);
    try {
      const now = await this.#read(monthOf(new Date(), this.#now?.zone ?? "Asia/Tokyo"));
      this.#now = now;
      this.#month ??= now.month;
      this.#shown = this.#month === now.month ? now : await this.#read(this.#month);
      say($("statement-trouble"), "");
    } catch (failure) {
      if (failure.code === "unauthenticated") return;
      say($("statement-trouble"), failure.said?.detail ?? this.#words.t("statement_wait"));
      if (failure.said === undefined) this.#timer = setTimeout(() => this.load(), AGAIN_MS);
    }
    this.draw();
  }

  draw() {
    if (this.#now) this.#drawToday();
    if (this.#shown) this.#drawMonth();
  }

  async #read(month) {
    return await insist(() => this.#session.get("points", `/v1/partner/statements/${month}`));
  }

  async #turn(by) {
    if (this.#month === null) return;
    const [year, month] = this.#month.split("-").map(Number);
    this.#month = new Date(Date.UTC(year, month - 1 + by, 1)).toISOString().slice(0, 7);
    await this.load();
  }

  async #save() {
    const { month } = this.#shown;
    const file = await insist(() => this.#session.file("points", `/v1/partner/statements/${month}`, "text/csv"));
    const href = URL.createObjectURL(file);
    el("a", { href, download: `statement-${month}.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(href), 10_000);
  }

  #drawToday() {
    const { t, language } = this.#words;
    const { zone, lines } = this.#now;
    const today = dayOf(new Date(), zone);
    const given = lines.filter(({ occurred_at: at }) => dayOf(new Date(at), zone) === today).reverse();
    const standing = given.filter(({ state }) => state === "given");
    const points = standing.reduce((sum, line) => sum + line.points, 0);
    const count = number(standing.length, language);
    say($("today-sum"), given.length ? t("today_sum", { count, points: number(points, language) }) : t("today_none"));
    $("today").replaceChildren(...given.map((line) => this.#row(line, zone)));
  }

  #row(line, zone) {
    const { t, language } = this.#words;
    const at = timeOf(line.occurred_at, zone, language);
    const points = number(line.points, language);
    const undo = el("button", { type: "button", "aria-label": t("undo_of", { at, points }) }, t("undo"));
    undo.addEventListener("click", () => {
      if (undo.dataset.sure) this.#onUndo(line);
      undo.dataset.sure = "yes";
      undo.textContent = t("undo_sure");
      undo.setAttribute("aria-label", t("undo_sure"));
    });
    const isUndone = line.state === "reversed";
    return el(
      "li",
      {},
      el(
        "span",
        {},
        el("strong", { class: isUndone ? "undone" : false }, points),
        el("small", {}, `${at} · ${line.member_ref.slice(0, 8)}`),
      ),
      isUndone ? el("span", {}, t("state_reversed")) : undo,
    );
  }

  #drawMonth() {
    const { t, language } = this.#words;
    const { month, zone, lines, awards, points, reversed } = this.#shown;
    say($("month"), day(`${month}-01`, language, { year: "numeric", month: "long" }));
    say($("awards"), number(awards, language));
    say($("given"), number(points, language));
    say($("reversed"), number(reversed, language));
    const shown = lines.slice(-LINES_MAX).reverse();
    $("lines").replaceChildren(...shown.map((line) => this.#tableRow(line, zone)));
    $("no-lines").hidden = lines.length > 0;
    $("after").disabled = month >= this.#now.month;
  }

  #tableRow({ occurred_at: at, member_ref: ref, points, state }, zone) {
    const { t, language } = this.#words;
    const date = day(dayOf(new Date(at), zone), language, { month: "short", day: "numeric" });
    return el(
      "tr",
      {},
      el("td", {}, `${date} ${timeOf(at, zone, language)}`),
      el("td", {}, ref.slice(0, 8)),
      el("td", { class: "money" }, number(points, language)),
      el("td", {}, t(`state_${state}`)),
    );
  }
}

/** The date of a moment in a zone, `2026-11-29`. */
function dayOf(at, zone) {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: zone }).format(at);
}

const monthOf = (at, zone) => dayOf(at, zone).slice(0, 7);
const timeOf = (iso, zone, language) =>
  new Intl.DateTimeFormat(language === "ja" ? "ja-JP" : "en-GB", {
    timeZone: zone,
    hour: "2-digit",
    minute: "2-digit",
  }).format(new Date(iso));
