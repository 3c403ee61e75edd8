// A campaign's codes on paper: ordered as a job, fetched as a file, and laid out as pages to print.

import { $, el } from "../lib/dom.js";
import { number } from "../lib/format.js";
import { nameFor, settled } from "../lib/naming.js";
import { qrOf } from "../lib/qr.js";
import { Form } from "./form.js";
import { bar, button, card, whyNot } from "./parts.js";

const LOOK_MS = 1_000;
const SHEET_MAX = 500; // codes on the screen; omo codes sheet makes any number
const CODE = /^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{2}$/;

export class Codes {
  #session;
  #words;
  #id;
  #campaign = null;
  #job = null;
  #told = "";
  #form = null;
  #sheet = null;
  #timer = null;
  #status = el("div", { role: "status", class: "job" });
  #pages = el("div", { id: "sheet" });

  constructor({ session, words }, id) {
    this.#session = session;
    this.#words = words;
    this.#id = id;
  }

  close() {
    clearTimeout(this.#timer);
    document.body.classList.remove("printing");
  }

  /** The part of the campaign's page: ordering, the jobs' state, and printing. */
  card(campaign) {
    const { t } = this.#words;
    this.#campaign = campaign;
    this.#form ??= new Form({
      words: this.#words,
      parts: [
        { fields: [{ name: "count", label: "how_many", kind: "number", hint: "how_many_hint", pointer: "/count" }] },
      ],
      submit: "order_codes",
      onSubmit: (values) => this.#order(values),
    });
    this.#form.draw();
    this.#drawJob();
    const file = el("input", { type: "file", accept: ".csv,text/csv", id: "codes-file" });
    file.addEventListener("change", async () => {
      await this.#read(file.files[0]);
      file.value = ""; // the same file may be chosen again
    });
    this.#drawSheet();
    return card(
      t("codes_on_paper"),
      el("p", { class: "small" }, t("codes_words")),
      campaign.state === "ended" ? null : this.#form.element,
      this.#status,
      el("h3", {}, t("sheet")),
      el("p", { class: "small" }, t("sheet_words", { most: number(SHEET_MAX, this.#words.language) })),
      el("label", { for: "codes-file" }, t("codes_file")),
      file,
      this.#pages,
    );
  }

  async #order({ count }) {
    const { t } = this.#words;
    const what = `codes.${this.#id}.${count}`;
    try {
      const path = `/v1/campaigns/${encodeURIComponent(this.#id)}/codes`;
      const { job_id: job } = await this.#session.send("coupons", path, { job_id: nameFor(what), count });
      settled(what);
      this.#job = { id: job, said: { status: "queued", done: 0, total: count } };
      this.#told = "";
      await this.#look();
    } catch (failure) {
      if (failure.status < 500) settled(what);
      this.#form.fail(failure.said?.errors ?? [], whyNot(failure, t));
    }
    this.#drawJob();
  }

  async #look() {
    clearTimeout(this.#timer);
    try {
      this.#job.said = await this.#session.read("coupons", `/v1/jobs/${encodeURIComponent(this.#job.id)}`);
      this.#told = "";
    } catch (failure) {
      this.#told = whyNot(failure, this.#words.t);
    }
    this.#drawJob();
    const { status } = this.#job.said;
    if (status === "queued" || status === "running") this.#timer = setTimeout(() => this.#look(), LOOK_MS);
  }

  #drawJob() {
    const { t, language } = this.#words;
    const lines = [];
    if (this.#told) lines.push(el("p", { class: "wrong" }, this.#told));
    if (this.#job) {
      const { status, done, total, download_url: url } = this.#job.said;
      const values = { done: number(done, language), total: number(total, language), id: this.#job.id };
      lines.push(el("p", {}, t(`job_${status}`, values)), bar(done, total, "some"));
      if (url) {
        lines.push(
          el(
            "p",
            {},
            el("a", { href: url, class: "press", download: `${this.#id}.csv`, rel: "noreferrer" }, t("download")),
            " ",
            el("span", { class: "small" }, t("download_words")),
          ),
        );
      } else if (status === "done") lines.push(button(t("file_again"), () => this.#look()));
    }
    this.#status.replaceChildren(...lines);
  }

  // ---- on paper ----

  async #read(file) {
    const { t } = this.#words;
    if (!file) return;
    const lines = (await file.text()).split(/\r?\n/).map((line) => line.replace(/^\uFEFF/, "").trim());
    const codes = lines.filter((line) => line !== "" && line.toLowerCase() !== "code");
    const wrong = codes.findIndex((line) => !CODE.test(line));
    if (codes.length === 0) this.#sheet = { told: t("no_codes") };
    else if (wrong >= 0) this.#sheet = { told: t("no_code_here", { line: wrong + 1 }) };
    else this.#sheet = { codes };
    this.#drawSheet();
  }

  #drawSheet() {
    const { t, language } = this.#words;
    if (this.#sheet === null) return this.#pages.replaceChildren();
    if (this.#sheet.told)
      return this.#pages.replaceChildren(el("p", { class: "wrong", role: "alert" }, this.#sheet.told));
    const codes = this.#sheet.codes.slice(0, SHEET_MAX);
    const values = { shown: number(codes.length, language), count: number(this.#sheet.codes.length, language) };
    this.#pages.replaceChildren(
      el(
        "div",
        { class: "row" },
        el("p", { role: "status" }, t("sheet_shows", values)),
        button(t("print"), () => print(), { class: "main" }),
      ),
      el(
        "ul",
        { class: "coupons sheet-of", "aria-label": t("sheet") },
        ...codes.map((code) =>
          el(
            "li",
            {},
            el("strong", {}, this.#campaign.name[language]),
            qrOf(code.replaceAll("-", ""), code),
            el("code", {}, code),
          ),
        ),
      ),
    );
    if ($("sheet")) document.body.classList.add("printing");
  }
}
