// The books: what could not be done and lies apart, and the proof that all is right. Mending is the command line's.

import { el } from "../lib/dom.js";
import { ago, moment, number } from "../lib/format.js";
import { card, command, figure, table, trouble, waiting } from "./parts.js";

const READS = {
  parked: "/v1/reports/parked",
  queues: "/v1/reports/dead-letters",
  audit: "/v1/reports/audit",
};
const WEEK_MS = 7 * 86_400_000;

export class Books {
  #session;
  #words;
  #root;
  #may;
  #found = {};
  #isOpen = false;

  constructor({ session, words, root, who }) {
    this.#session = session;
    this.#words = words;
    this.#root = root;
    this.#may = who.scopes.includes("reports:read");
  }

  async open() {
    this.#isOpen = true;
    this.#found = {};
    this.draw();
    if (this.#may) await Promise.all(Object.keys(READS).map((name) => this.#read(name)));
  }

  close() {
    this.#isOpen = false;
  }

  draw() {
    if (!this.#isOpen) return;
    const { t } = this.#words;
    this.#root.replaceChildren(
      el("h1", {}, t("books")),
      el("p", {}, t("books_words")),
      this.#deadLetters(),
      this.#audit(),
      this.#reports(),
    );
  }

  /** One that fails hides none of the others. */
  async #read(name) {
    try {
      this.#found[name] = { said: await this.#session.read("points", READS[name]) };
    } catch (failure) {
      if (failure.code === "unauthenticated") return;
      this.#found[name] = failure.code === "report_not_found" ? { said: null } : { failure };
    }
    this.draw();
  }

  /** What `draw` makes of an answer, or why there is none. */
  #part(name, draw) {
    const { t } = this.#words;
    if (!this.#may) return null;
    const { said, failure } = this.#found[name] ?? {};
    if (failure) return trouble(failure, t, () => this.#read(name));
    return said === undefined ? waiting(t) : draw(said);
  }

  #step(words, line) {
    const { t } = this.#words;
    return el("div", { class: "step" }, el("p", {}, t(words)), command(line, t));
  }

  // ---- dead letters ----

  #deadLetters() {
    const { t } = this.#words;
    return card(
      t("dead_letters"),
      el("p", {}, t("dead_words")),
      this.#part("queues", ({ queues }) => this.#queues(queues)),
      this.#part("parked", ({ places }) => this.#lying(places)),
      this.#step("dead_look", "omo redrive points --dry-run"),
      this.#step("dead_look_coupons", "omo redrive coupons --dry-run"),
      this.#step("dead_look_checkin", "omo redrive checkin --dry-run"),
      this.#step("dead_look_codes", "omo redrive codes --dry-run"),
      this.#step("dead_look_webhooks", "omo redrive webhooks --dry-run"),
      this.#step("dead_look_parking", "omo redrive parking --dry-run"),
      this.#step("dead_send", "omo redrive points"),
      el("p", { class: "small" }, t("dead_twice")),
    );
  }

  #queues(queues) {
    const { t, language } = this.#words;
    const rows = queues.map(({ queue, waiting: count }) => [
      el("span", {}, t(`place_${queue.replace("-inbox-dead", "")}`), " ", el("code", { class: "small" }, queue)),
      el("span", count > 0 ? { class: "wrong" } : {}, number(count, language)),
    ]);
    return el(
      "div",
      { id: "queues" },
      table(t("queues_apart"), [t("queues_apart"), t("about_how_many")], rows, [1]),
      el("p", { class: "small" }, t("dead_about")),
    );
  }

  #lying(places) {
    const { t, language } = this.#words;
    const lying = places.filter(({ count }) => count > 0);
    if (lying.length === 0) return el("p", { class: "good", id: "lying" }, t("nothing_parked"));
    return el(
      "div",
      { id: "lying" },
      table(
        t("parked"),
        [t("parked"), t("how_many_lie"), t("what_is_wrong"), t("latest")],
        lying.map(({ place, count, is_whole: isWhole, causes, latest_at: at }) => [
          t(`place_${place}`),
          el("span", { class: "wrong" }, number(count, language) + (isWhole ? "" : "+")),
          causes.map((one) => `${one.cause} (${number(one.count, language)})`).join(", "),
          at ? moment(at, language) : "–",
        ]),
        [1],
      ),
    );
  }

  // ---- the audit ----

  #audit() {
    const { t } = this.#words;
    return card(
      t("audit"),
      el("p", {}, t("audit_words")),
      this.#part("audit", (note) => this.#last(note)),
      this.#step("audit_all", "omo audit"),
      this.#step("audit_one", "omo audit --member MEMBER_ID"),
      this.#step("audit_file", "omo audit --export books.jsonl.gz"),
      el("p", { class: "small" }, t("audit_exit")),
    );
  }

  #last(note) {
    const { t, language } = this.#words;
    if (note === null) return el("p", { id: "last-audit", class: "wrong" }, t("audit_none"));
    const { ended_at: at, chains, entries, fault_count: count, faults } = note;
    const isOld = Date.now() - new Date(at) > WEEK_MS;
    return el(
      "div",
      { id: "last-audit", class: "step" },
      el(
        "dl",
        { class: "figures" },
        figure(t("audit_last"), ago(at, language), moment(at, language)),
        figure(t("audit_chains"), number(chains, language)),
        figure(t("audit_entries"), number(entries, language)),
        figure(t("audit_faults"), el("span", count > 0 ? { class: "wrong" } : {}, number(count, language))),
      ),
      count === 0 ? el("p", { class: "good" }, t("audit_clean")) : this.#faults(faults, count),
      isOld ? el("p", { class: "wrong" }, t("audit_old")) : null,
    );
  }

  #faults(faults, count) {
    const { t, language } = this.#words;
    return el(
      "div",
      { class: "step" },
      el("p", { class: "wrong" }, t("audit_wrong")),
      table(
        t("audit_faults"),
        [t("audit_chain"), t("audit_number"), t("what_is_wrong")],
        faults.map(({ chain, number: at, words }) => [chain ?? "–", at === undefined ? "–" : String(at), words]),
        [1],
      ),
      count > faults.length
        ? el("p", { class: "small" }, t("audit_more", { count: number(faults.length, language) }))
        : null,
    );
  }

  // ---- reports ----

  #reports() {
    const { t } = this.#words;
    return card(
      t("reports"),
      el("p", {}, t("reports_words")),
      this.#step("report_months", "omo report months"),
      this.#step("report_liability", "omo report liability"),
      this.#step("report_campaigns", "omo report campaigns"),
      this.#step("report_reconcile", "omo reconcile journal.csv --store STORE --day DAY"),
    );
  }
}
