// The books: what could not be done and lies apart, and the proof that all is right. Mending is the command line's.

import { el } from "../lib/dom.js";
import { moment, number } from "../lib/format.js";
import { card, command, table, trouble, waiting } from "./parts.js";

export class Books {
  #session;
  #words;
  #root;
  #may;
  #places = null;
  #failure = null;
  #isOpen = false;

  constructor({ session, words, root, who }) {
    this.#session = session;
    this.#words = words;
    this.#root = root;
    this.#may = who.scopes.includes("reports:read");
  }

  async open() {
    this.#isOpen = true;
    this.#failure = null;
    this.draw();
    if (!this.#may) return;
    try {
      this.#places = (await this.#session.read("points", "/v1/reports/parked")).places;
    } catch (failure) {
      if (failure.code === "unauthenticated") return;
      this.#failure = failure;
    }
    this.draw();
  }

  close() {
    this.#isOpen = false;
  }

  draw() {
    if (!this.#isOpen) return;
    const { t } = this.#words;
    const step = (words, line) => el("div", { class: "step" }, el("p", {}, t(words)), command(line, t));
    this.#root.replaceChildren(
      el("h1", {}, t("books")),
      el("p", {}, t("books_words")),
      card(
        t("dead_letters"),
        el("p", {}, t("dead_words")),
        this.#may ? this.#lying() : null,
        step("dead_look", "omo redrive points --dry-run"),
        step("dead_look_coupons", "omo redrive coupons --dry-run"),
        step("dead_look_checkin", "omo redrive checkin --dry-run"),
        step("dead_look_parking", "omo redrive parking --dry-run"),
        step("dead_send", "omo redrive points"),
        el("p", { class: "small" }, t("dead_twice")),
      ),
      card(
        t("audit"),
        el("p", {}, t("audit_words")),
        step("audit_all", "omo audit"),
        step("audit_one", "omo audit --member MEMBER_ID"),
        step("audit_file", "omo audit --export books.jsonl.gz"),
        el("p", { class: "small" }, t("audit_exit")),
      ),
      card(
        t("reports"),
        el("p", {}, t("reports_words")),
        step("report_months", "omo report months"),
        step("report_liability", "omo report liability"),
        step("report_campaigns", "omo report campaigns"),
        step("report_reconcile", "omo reconcile journal.csv --store STORE --day DAY"),
      ),
    );
  }

  #lying() {
    const { t, language } = this.#words;
    if (this.#failure) return trouble(this.#failure, t, () => this.open());
    if (this.#places === null) return waiting(t);
    const lying = this.#places.filter(({ count }) => count > 0);
    if (lying.length === 0) return el("p", { class: "good", id: "lying" }, t("nothing_parked"));
    return el(
      "div",
      { id: "lying" },
      table(
        t("parked"),
        [t("place"), t("how_many"), t("what_is_wrong"), t("latest")],
        lying.map(({ place, count, is_whole: isWhole, causes, latest_at: at }) => [
          t(`place_${place}`),
          number(count, language) + (isWhole ? "" : "+"),
          causes.map((one) => `${one.cause} (${number(one.count, language)})`).join(", "),
          at ? moment(at, language) : "–",
        ]),
        [1],
      ),
    );
  }
}
