// The programme: its rules in a form, all of it as JSON, put in force when it has been tried out.

import { el } from "../lib/dom.js";
import { number } from "../lib/format.js";
import { dayOf } from "./days.js";
import { Form } from "./form.js";
import { button, card, trouble, waiting, whyNot } from "./parts.js";
import { fieldsOf, pointerOf, programmeOf, RULE, ruleOf, sentenceOf, SETTINGS, settingsOf } from "./rule_fields.js";
import { Trial } from "./trial.js";

export class Rules {
  #session;
  #words;
  #root;
  #now = null; // as it is in force
  #draft = null; // as it would be
  #failure = null;
  #told = null; // {text, isGood}
  #conflict = null;
  #forms = [];
  #boxes = []; // what holds each rule's form, open or not
  #settings = null;
  #json = null;
  #trial;
  #isOpen = false;

  constructor({ session, words, root }) {
    this.#session = session;
    this.#words = words;
    this.#root = root;
    this.#trial = new Trial(
      { session, words },
      {
        programme: () => (this.#collect() ? { ...this.#draft, version: this.#now.version } : null),
        onFail: (failure) => this.#fail(failure, "/programme"),
      },
    );
  }

  async open() {
    this.#isOpen = true;
    this.draw();
    try {
      this.#take(await this.#session.read("points", "/v1/programme"));
    } catch (failure) {
      if (failure.code === "unauthenticated") return;
      this.#failure = failure;
    }
    this.draw();
  }

  close() {
    this.#isOpen = false;
    this.#trial.stop();
  }

  draw() {
    if (!this.#isOpen) return;
    const { t } = this.#words;
    if (this.#failure) {
      const again = () => {
        this.#failure = null;
        return this.open();
      };
      return this.#root.replaceChildren(el("h1", {}, t("programme")), trouble(this.#failure, t, again));
    }
    if (this.#now === null) return this.#root.replaceChildren(el("h1", {}, t("programme")), waiting(t));
    if (this.#settings === null) this.#build();
    for (const form of [...this.#forms, this.#settings]) form.draw();
    this.#root.replaceChildren(
      el("h1", {}, t("programme")),
      el(
        "p",
        { class: "small" },
        t("programme_words", {
          version: number(this.#now.version, this.#words.language),
          zone: this.#now.zone,
          currency: this.#now.currency,
        }),
      ),
      this.#rulesCard(),
      el("section", { class: "card part", "aria-label": t("settings") }, this.#settings.element),
      this.#jsonCard(),
      this.#trial.card(),
      this.#saveCard(),
    );
  }

  #take(programme) {
    this.#now = programme;
    this.#draft = structuredClone(programme);
    this.#settings = null;
  }

  // ---- the forms ----

  #build() {
    this.#forms = this.#draft.earning.map((rule, place) => this.#ruleForm(rule, place));
    this.#boxes = this.#forms.map((form) =>
      el("details", { class: "rule" }, el("summary", {}), form.element, el("div", { class: "row" })),
    );
    this.#settings = new Form({
      words: this.#words,
      parts: SETTINGS,
    });
    this.#settings.set(settingsOf(this.#draft));
  }

  #ruleForm(rule, place) {
    const fields = RULE.map((field) => ({ ...field, pointer: pointerOf(field.name, place) }));
    const form = new Form({
      words: this.#words,
      parts: [{ fields }],
    });
    form.set(fieldsOf(rule));
    return form;
  }

  /** What stands in the forms, in the draft. */
  #collect() {
    if (this.#json !== null) return this.#takeJson();
    this.#draft.earning = this.#forms.map((form, place) => ruleOf(form.values(), this.#draft.earning[place]));
    Object.assign(this.#draft, programmeOf(this.#settings.values(), this.#draft));
    return true;
  }

  #takeJson() {
    try {
      this.#draft = { ...JSON.parse(this.#json), version: this.#now.version };
      this.#json = null;
      this.#build();
      return true;
    } catch (failure) {
      this.#told = { text: this.#words.t("no_json", { why: failure.message }), isGood: false };
      this.draw();
      return false;
    }
  }

  #rulesCard() {
    const { t } = this.#words;
    for (const [place, rule] of this.#draft.earning.entries()) {
      const [summary, , row] = this.#boxes[place].children;
      summary.textContent = sentenceOf(rule, this.#words);
      row.replaceChildren(
        ...(place > 0
          ? [button(t("up"), () => this.#move(place, -1), { "aria-label": `${t("up")}: ${rule.rule_id}` })]
          : []),
        button(t("take_away"), () => this.#remove(place), { "aria-label": `${t("take_away")}: ${rule.rule_id}` }),
      );
    }
    return card(
      t("earning_rules"),
      el("p", { class: "small" }, t("earning_words")),
      ...this.#boxes,
      button(t("add_rule"), () => this.#add(), { id: "add" }),
    );
  }

  #edit(change) {
    if (!this.#collect()) return;
    change(this.#draft.earning);
    this.#build();
    this.draw();
  }

  #move(place, by) {
    this.#edit((rules) => rules.splice(place + by, 0, ...rules.splice(place, 1)));
  }

  #remove(place) {
    this.#edit((rules) => rules.splice(place, 1));
  }

  #add() {
    this.#edit((rules) => {
      const ids = rules.map(({ rule_id: id }) => id);
      let n = rules.length + 1;
      while (ids.includes(`rule-${n}`)) n += 1;
      rules.push({
        rule_id: `rule-${n}`,
        kind: "multiplier",
        factor: "2/1",
        when: { from: dayOf(1), until: dayOf(7) },
      });
    });
    const added = this.#boxes.at(-1);
    added.open = true;
    added.querySelector("input").focus();
  }

  #jsonCard() {
    const { t } = this.#words;
    const text = el("textarea", { rows: "16", id: "json", spellcheck: "false" });
    text.value = this.#json ?? JSON.stringify(this.#draft, null, 2);
    text.addEventListener("input", () => {
      this.#json = text.value;
    });
    const details = el(
      "details",
      { class: "card part", ...(this.#json !== null && { open: "" }) },
      el("summary", {}, t("as_json")),
      el("p", { class: "small" }, t("json_words")),
      el("label", { for: "json" }, t("as_json")),
      text,
    );
    details.addEventListener("toggle", () => {
      if (details.open && this.#json === null && this.#collect()) text.value = JSON.stringify(this.#draft, null, 2);
    });
    return details;
  }

  // ---- saving ----

  #saveCard() {
    const { t } = this.#words;
    const told = this.#told && el("p", { class: this.#told.isGood ? "good" : "wrong" }, this.#told.text);
    const conflict = this.#conflict && [
      el("p", {}, t("conflict", { version: number(this.#conflict, this.#words.language) })),
      el(
        "div",
        { class: "row" },
        button(t("load_theirs"), () => this.#reload()),
        button(t("save_mine"), () => this.#over()),
      ),
    ];
    return card(
      t("put_in_force"),
      el("p", { class: "small" }, t("put_words")),
      el("div", { role: "alert", id: "saved" }, told, ...(conflict ?? [])),
      button(t("put_in_force"), () => this.#save(), { class: "main", id: "put" }),
    );
  }

  async #save() {
    const { t, language } = this.#words;
    if (!this.#collect()) return;
    this.#told = this.#conflict = null;
    try {
      const made = await this.#session.send(
        "points",
        "/v1/programme",
        { ...this.#draft, version: this.#now.version },
        "PUT",
      );
      this.#take(made);
      this.#told = { text: t("in_force", { version: number(made.version, language) }), isGood: true };
    } catch (failure) {
      if (failure.code === "version_conflict") this.#conflict = failure.said.version;
      else this.#told = { text: whyNot(failure, t), isGood: false };
      this.draw();
      this.#fail(failure, "");
      return;
    }
    this.draw();
  }

  /** Say at each field what is wrong with it; `place` is where the programme stands in what was sent. */
  #fail(failure, place) {
    const errors = (failure.said?.errors ?? []).map((one) => ({ ...one, pointer: one.pointer.slice(place.length) }));
    for (const [n, form] of this.#forms.entries()) {
      const own = errors.filter(({ pointer }) => pointer.startsWith(`/earning/${n}/`));
      if (own.length) this.#boxes[n].open = true;
      form.fail(own);
    }
    this.#settings.fail(errors.filter(({ pointer }) => SETTINGS[0].fields.some((field) => field.pointer === pointer)));
  }

  async #reload() {
    this.#conflict = this.#told = null;
    this.#take(await this.#session.read("points", "/v1/programme"));
    this.draw();
  }

  /** The draft goes over what somebody else has set, as whoever pressed has read. */
  async #over() {
    this.#now = { ...this.#now, version: this.#conflict };
    await this.#save();
  }
}
