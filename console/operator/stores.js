// Stores: the list and its search, one store with its hours, rewards, pause and QR, and many at once out of a file.

import { isPassing } from "../lib/again.js";
import { el } from "../lib/dom.js";
import { number } from "../lib/format.js";
import { cut } from "./csv.js";
import { badge, button, table, trouble, waiting, whyNot } from "./parts.js";
import { Store } from "./store.js";

const WAIT_MS = 250;
const IMPORT_ROWS = 500;

export class Stores {
  #all;
  #session;
  #words;
  #root;
  #items = null;
  #cursor = null;
  #failure = null;
  #wanted = "";
  #turn = 0;
  #timer = null;
  #list = el("div", { id: "list" });
  #import = { told: "", results: [], rows: 0 };
  #imported = el("div", { role: "status", id: "imported" });
  #one = null;
  #isOpen = false;

  constructor(all) {
    this.#all = all;
    ({ session: this.#session, words: this.#words, root: this.#root } = all);
  }

  async open(id = null) {
    this.#isOpen = true;
    if (id) {
      this.#one = new Store(this.#all, id === "+" ? null : id);
      return await this.#one.open();
    }
    this.draw();
    await this.#find();
  }

  close() {
    this.#isOpen = false;
    clearTimeout(this.#timer);
    this.#one?.close();
  }

  draw() {
    if (this.#one) return this.#one.draw();
    if (!this.#isOpen) return;
    const { t } = this.#words;
    const search = el("input", {
      type: "search",
      class: "plain",
      "aria-label": t("search_stores"),
      placeholder: t("search_stores"),
      maxlength: "100",
    });
    search.value = this.#wanted;
    search.addEventListener("input", () => {
      this.#wanted = search.value;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#find(), WAIT_MS);
    });
    this.#root.replaceChildren(
      el(
        "div",
        { class: "title" },
        el("h1", {}, t("stores")),
        el("a", { href: "#stores/+", class: "press" }, t("new_store")),
      ),
      search,
      this.#list,
      this.#importCard(),
    );
    this.#drawList();
  }

  async #find(cursor = null) {
    const turn = ++this.#turn;
    const words = this.#wanted.trim();
    const asked = new URLSearchParams({ limit: "50", ...(words && { q: words }), ...(cursor && { cursor }) });
    try {
      const page = await this.#session.read("checkin", `/v1/stores?${asked}`);
      if (turn !== this.#turn) return;
      this.#items = cursor ? [...this.#items, ...page.items] : page.items;
      this.#cursor = page.next_cursor;
      this.#failure = null;
      if (page.items.length === 0 && page.next_cursor) return await this.#find(page.next_cursor); // searched so far
    } catch (failure) {
      if (failure.code === "unauthenticated" || turn !== this.#turn) return;
      this.#failure = failure;
    }
    if (this.#isOpen) this.#drawList();
  }

  #drawList() {
    const { t, language } = this.#words;
    if (this.#failure) return this.#list.replaceChildren(trouble(this.#failure, t, () => this.#find()));
    if (this.#items === null) return this.#list.replaceChildren(waiting(t));
    const rows = this.#items.map((store) => [
      el("a", { href: `#stores/${encodeURIComponent(store.store_id)}` }, store.name),
      store.store_id,
      store.time_zone,
      store.rewards.map(({ points }) => number(points, language)).join(" / ") || "0",
      badge(stateOf(store), t(`store_${stateOf(store)}`)),
    ]);
    const heads = ["name", "store_id", "time_zone", "points_a_visit", "state"].map((name) => t(name));
    this.#list.replaceChildren(
      el(
        "div",
        { class: "card" },
        rows.length ? table(t("stores"), heads, rows, [3]) : el("p", {}, t("no_such_store")),
      ),
      this.#cursor ? button(t("more"), () => this.#find(this.#cursor)) : "",
    );
  }

  // ---- many at once ----

  #importCard() {
    const { t } = this.#words;
    const file = el("input", { type: "file", accept: ".csv,text/csv", id: "stores-file" });
    file.addEventListener("change", () => this.#send(file));
    this.#drawImport();
    return el(
      "details",
      { class: "card part", ...(this.#import.told && { open: "" }) },
      el("summary", {}, t("import")),
      el("p", { class: "small" }, t("import_words")),
      el("code", { class: "small" }, "store_id,name,lat,lon,radius_m,time_zone,cutoff_hour,hours"),
      el("label", { for: "stores-file" }, t("import_file")),
      file,
      this.#imported,
    );
  }

  async #send(input) {
    const { t, language } = this.#words;
    const [file] = input.files;
    if (!file) return;
    this.#import = { told: t("importing", { done: 0 }), results: [] };
    this.#drawImport();
    const [header, ...rows] = cut(await file.text());
    try {
      for (let from = 0; from < rows.length; from += IMPORT_ROWS) {
        const part = [header, ...rows.slice(from, from + IMPORT_ROWS)].join("\n");
        const { results } = await this.#sendPart(`${part}\n`);
        this.#import.results.push(...results.map((one) => ({ ...one, row: one.row + from })));
        this.#import.told = t("importing", { done: number(this.#import.results.length, language) });
        this.#drawImport();
      }
      this.#import.told = rows.length ? "" : t("no_rows");
    } catch (failure) {
      this.#import.told = whyNot(failure, t);
    }
    input.value = "";
    this.#drawImport();
    await this.#find();
  }

  /** A part goes in again where it left off, so a 503 is no loss. */
  async #sendPart(text) {
    for (let tries = 0; ; tries++) {
      try {
        return await this.#session.sendText("checkin", "/v1/stores/import", text, "text/csv");
      } catch (failure) {
        if (!isPassing(failure) || tries === 3) throw failure;
      }
    }
  }

  #drawImport() {
    const { t, language } = this.#words;
    const { told, results } = this.#import;
    const count = (status) => number(results.filter((one) => one.status === status).length, language);
    const refused = results.filter(({ status }) => status === "refused");
    this.#imported.replaceChildren(
      told ? el("p", {}, told) : "",
      results.length
        ? el(
            "p",
            {},
            t("imported", { created: count("created"), updated: count("updated"), refused: count("refused") }),
          )
        : "",
      refused.length
        ? table(
            t("refused_rows"),
            [t("row"), t("store_id"), t("what_is_wrong")],
            refused.map(({ row, store_id: id, errors = [] }) => [
              number(row, language),
              id ?? "–",
              errors.map(({ pointer, detail }) => `${pointer} ${detail}`).join(" / "),
            ]),
            [0],
          )
        : "",
    );
  }
}

/** What is to be said of a store: closed, paused by whom, or open. */
export function stateOf({ state, rewards_paused: isPaused }) {
  if (state === "closed") return "closed";
  return isPaused ? "paused" : "open";
}
