// The books: what could not be done and lies apart, and the proof that all is right. Both are the command line's.

import { el } from "../lib/dom.js";
import { card, command } from "./parts.js";

export class Books {
  #words;
  #root;

  constructor({ words, root }) {
    this.#words = words;
    this.#root = root;
  }

  async open() {
    this.draw();
  }

  close() {}

  draw() {
    const { t } = this.#words;
    const step = (words, line) => el("div", { class: "step" }, el("p", {}, t(words)), command(line, t));
    this.#root.replaceChildren(
      el("h1", {}, t("books")),
      el("p", {}, t("books_words")),
      card(
        t("dead_letters"),
        el("p", {}, t("dead_words")),
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
}
