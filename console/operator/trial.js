// What past purchases would have earned under a programme: the members a page at a time, added up, until all or enough.

import { insist } from "../lib/again.js";
import { el } from "../lib/dom.js";
import { money, number } from "../lib/format.js";
import { dayOf } from "./days.js";
import { bar, button, card, figure, table, whyNot } from "./parts.js";

const LAST_DAYS = 30;

export class Trial {
  #session;
  #words;
  #programme;
  #onFail;
  #tried = null;
  #dates = { since: dayOf(-LAST_DAYS), until: dayOf(-1) };
  #turn = 0;
  #box = el("div", { id: "trial", role: "status" });

  /** `programme()` is what to try, null if it can't be read; `onFail(failure)` hears of what the service refuses. */
  constructor({ session, words }, { programme, onFail }) {
    this.#session = session;
    this.#words = words;
    this.#programme = programme;
    this.#onFail = onFail;
  }

  /** The part of the page. */
  card() {
    const { t } = this.#words;
    const dates = ["since", "until"].map((name) => {
      const input = el("input", { type: "date", class: "plain", id: `trial-${name}` });
      input.value = this.#dates[name];
      input.addEventListener("input", () => {
        this.#dates[name] = input.value;
      });
      return el("div", { class: "field" }, el("label", { for: `trial-${name}` }, t(`trial_${name}`)), input);
    });
    this.#draw();
    return card(
      t("try_out"),
      el("p", { class: "small" }, t("try_words")),
      el("div", { class: "fields" }, ...dates),
      el(
        "div",
        { class: "row" },
        button(t("try_now"), () => this.#try(), { id: "try", class: "main" }),
        button(t("stop"), () => this.stop(), { id: "stop" }),
      ),
      this.#box,
    );
  }

  /** What has been added up so far stays. */
  stop() {
    this.#turn += 1;
    if (this.#tried) this.#tried.isRunning = false;
    this.#draw();
  }

  async #try() {
    const programme = this.#programme();
    if (programme === null) return;
    const turn = ++this.#turn;
    const sums = { members: 0, left_out: 0, purchases: 0, amount: 0, in_force: 0, proposed: 0 };
    this.#tried = { sums, rules: new Map(), pages: 0, isRunning: true, isWhole: false, failure: null };
    const body = { programme, ...this.#dates };
    this.#draw();
    try {
      for (let cursor = null; turn === this.#turn;) {
        const asked = { ...body, ...(cursor && { cursor }) };
        const page = await insist(() => this.#session.send("points", "/v1/programme/simulations", asked));
        if (turn !== this.#turn) return;
        add(this.#tried, page);
        cursor = page.next_cursor;
        if (cursor === null) {
          this.#tried.isWhole = true;
          break;
        }
        this.#draw();
      }
    } catch (failure) {
      if (failure.code === "unauthenticated" || turn !== this.#turn) return;
      this.#tried.failure = failure;
      this.#onFail(failure);
    }
    this.#tried.isRunning = false;
    this.#draw();
  }

  #draw() {
    const { t, language } = this.#words;
    if (this.#tried === null) return this.#box.replaceChildren();
    const { sums, rules, isRunning, isWhole, failure } = this.#tried;
    const n = (value) => number(value, language);
    const more = sums.proposed - sums.in_force;
    const sign = more > 0 ? "+" : more < 0 ? "−" : "±";
    const share =
      sums.in_force > 0
        ? new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 }).format(
            Math.abs(more) / sums.in_force,
          )
        : "–";
    const values = { members: n(sums.members), purchases: n(sums.purchases), money: money(sums.amount, language) };
    const most = Math.max(sums.in_force, sums.proposed, 1);
    this.#box.replaceChildren(
      failure ? el("p", { class: "wrong" }, whyNot(failure, t)) : "",
      isRunning ? el("p", { class: "turning" }, t("trying", values)) : "",
      el("p", {}, t(isWhole ? "tried_all" : "tried_some", values)),
      sums.left_out ? el("p", { class: "small" }, t("left_out", { count: n(sums.left_out) })) : "",
      el(
        "dl",
        { class: "figures" },
        figure(t("now_given"), n(sums.in_force)),
        figure(t("would_be_given"), n(sums.proposed)),
        figure(t("more_or_less"), `${sign}${n(Math.abs(more))}`, share),
      ),
      el("div", { class: "used" }, bar(sums.in_force, most, "some"), bar(sums.proposed, most, "some")),
      rules.size
        ? table(
            t("by_rule"),
            [t("rule_id"), t("now_given"), t("would_be_given"), t("more_or_less")],
            [...rules].map(([id, [now, then]]) => [
              id,
              n(now),
              n(then),
              `${then > now ? "+" : then < now ? "−" : "±"}${n(Math.abs(then - now))}`,
            ]),
            [1, 2, 3],
          )
        : "",
    );
  }
}

function add(trial, page) {
  for (const name of Object.keys(trial.sums)) trial.sums[name] += page[name];
  for (const { rule_id: id, in_force: now, proposed: then } of page.rules) {
    const before = trial.rules.get(id) ?? [0, 0];
    trial.rules.set(id, [before[0] + now, before[1] + then]);
  }
  trial.pages += 1;
}
