// The programme: its rules in a form, all of it as JSON, and what the last month would have cost under them.

import { insist } from "../lib/again.js";
import { el } from "../lib/dom.js";
import { money, number } from "../lib/format.js";
import { Form } from "./form.js";
import { bar, button, card, figure, table, trouble, waiting, whyNot } from "./parts.js";

const DAY_MS = 86_400_000;
const LAST_DAYS = 30;
const RULE = [
  { name: "rule_id", label: "rule_id", kind: "text", maxlength: 64 },
  {
    name: "kind",
    label: "rule_kind",
    kind: "select",
    options: ["base", "multiplier", "bonus"].map((one) => [one, `kind_${one}`]),
  },
  { name: "points", label: "rule_points", kind: "number", when: ({ kind }) => kind !== "multiplier" },
  { name: "per_amount", label: "per_amount", hint: "per_amount_hint", kind: "number", when: ({ kind }) => kind !== "multiplier" },
  { name: "factor", label: "factor", hint: "factor_hint", kind: "text", when: ({ kind }) => kind === "multiplier" },
  { name: "from", label: "rule_from", kind: "text", placeholder: "2026-12-01" },
  { name: "until", label: "rule_until", kind: "text", placeholder: "2026-12-31" },
  { name: "channels", label: "only_channel", kind: "select", options: [["", "everywhere"], ["pos", "channel_pos"], ["ec", "channel_ec"]] },
  { name: "store_ids", label: "stores_only", hint: "stores_hint", kind: "text" },
  { name: "categories", label: "categories", kind: "text" },
  { name: "tiers", label: "tiers_only", kind: "text" },
  { name: "actions", label: "actions_only", hint: "actions_hint", kind: "text" },
  { name: "first_purchase", label: "first_purchase", kind: "check" },
  { name: "per_day", label: "cap_per_day", kind: "number" },
  { name: "per_member", label: "cap_per_member", kind: "number" },
];
const LISTS = ["store_ids", "categories", "tiers", "actions"];
const SETTINGS = [
  {
    title: "part_settings",
    fields: [
      {
        name: "expiry_kind",
        label: "expiry",
        kind: "select",
        options: ["fixed_days", "sliding", "end_of_month", "calendar_year", "none"].map((one) => [one, `expiry_${one}`]),
        pointer: "/expiry/kind",
      },
      { name: "expiry_n", label: "expiry_n", kind: "number", pointer: "/expiry/n", when: (values) => values.expiry_kind !== "none" },
      {
        name: "tax",
        label: "basis",
        kind: "select",
        options: [["excl", "tax_excl"], ["incl", "tax_incl"]],
        pointer: "/basis",
      },
      { name: "deduct", label: "deduct_points_used", kind: "check" },
      { name: "mode", label: "rounding", kind: "select", options: ["floor", "half_up", "ceil"].map((one) => [one, `round_${one}`]), pointer: "/rounding" },
      { name: "scope", label: "rounding_scope", kind: "select", options: ["line", "order"].map((one) => [one, `scope_${one}`]) },
      { name: "clawback", label: "clawback", kind: "select", options: ["debt", "clamp", "refuse"].map((one) => [one, `clawback_${one}`]), pointer: "/clawback" },
      { name: "approval_above", label: "approval_above", kind: "number", pointer: "/approval_above" },
      { name: "spend_min", label: "spend_min", kind: "number", pointer: "/spending/min" },
      { name: "spend_step", label: "spend_step", kind: "number", pointer: "/spending/step" },
      { name: "presence", label: "presence", kind: "check", pointer: "/pos_spend_needs_presence" },
    ],
  },
];

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
  #trial = null;
  #dates = { since: dayOf(-LAST_DAYS), until: dayOf(-1) };
  #turn = 0;
  #trialBox = el("div", { id: "trial", role: "status" });
  #isOpen = false;

  constructor({ session, words, root }) {
    this.#session = session;
    this.#words = words;
    this.#root = root;
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
    this.#turn += 1;
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
      el("p", { class: "small" }, t("programme_words", { version: number(this.#now.version, this.#words.language), zone: this.#now.zone, currency: this.#now.currency })),
      this.#rulesCard(),
      el("section", { class: "card part", "aria-label": t("settings") }, this.#settings.element),
      this.#jsonCard(),
      this.#trialCard(),
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
    this.#boxes = this.#forms.map((form) => el("details", { class: "rule" }, el("summary", {}), form.element, el("div", { class: "row" })));
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
        ...(place > 0 ? [button(t("up"), () => this.#move(place, -1), { "aria-label": `${t("up")}: ${rule.rule_id}` })] : []),
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
      rules.push({ rule_id: `rule-${n}`, kind: "multiplier", factor: "2/1", when: { from: dayOf(1), until: dayOf(7) } });
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
      const made = await this.#session.send("points", "/v1/programme", { ...this.#draft, version: this.#now.version }, "PUT");
      this.#take(made);
      this.#told = { text: t("in_force", { version: number(made.version, language) }), isGood: true };
    } catch (failure) {
      if (failure.code === "version_conflict") this.#conflict = failure.said.version;
      else this.#fail(failure, "");
    }
    this.draw();
  }

  #fail(failure, place) {
    const { t } = this.#words;
    const errors = failure.said?.errors ?? [];
    this.#told = { text: whyNot(failure, t), isGood: false };
    for (const [n, form] of this.#forms.entries()) {
      form.fail(errors.map((one) => ({ ...one, pointer: one.pointer.slice(place.length) })).filter(({ pointer }) => pointer.startsWith(`/earning/${n}/`)));
    }
  }

  async #reload() {
    this.#conflict = this.#told = null;
    this.#take(await this.#session.read("points", "/v1/programme"));
    this.draw();
  }

  /** The draft goes over what somebody else has set: said so by whoever pressed, who has seen that there is something. */
  async #over() {
    this.#now = { ...this.#now, version: this.#conflict };
    await this.#save();
  }

  // ---- trying it out ----

  #trialCard() {
    const { t } = this.#words;
    const dates = ["since", "until"].map((name) => {
      const input = el("input", { type: "date", class: "plain", id: `trial-${name}` });
      input.value = this.#dates[name];
      input.addEventListener("input", () => {
        this.#dates[name] = input.value;
      });
      return el("div", { class: "field" }, el("label", { for: `trial-${name}` }, t(`trial_${name}`)), input);
    });
    this.#drawTrial();
    return card(
      t("try_out"),
      el("p", { class: "small" }, t("try_words")),
      el("div", { class: "fields" }, ...dates),
      el(
        "div",
        { class: "row" },
        button(t("try_now"), () => this.#try(), { id: "try", class: "main" }),
        button(t("stop"), () => this.#stop(), { id: "stop" }),
      ),
      this.#trialBox,
    );
  }

  #stop() {
    this.#turn += 1;
    if (this.#trial) this.#trial.isRunning = false;
    this.#drawTrial();
  }

  async #try() {
    if (!this.#collect()) return;
    const turn = ++this.#turn;
    const sums = { members: 0, left_out: 0, purchases: 0, amount: 0, in_force: 0, proposed: 0 };
    this.#trial = { sums, rules: new Map(), pages: 0, isRunning: true, isWhole: false, failure: null };
    const body = { programme: { ...this.#draft, version: this.#now.version }, ...this.#dates };
    this.#drawTrial();
    try {
      for (let cursor = null; turn === this.#turn; ) {
        const asked = { ...body, ...(cursor && { cursor }) };
        const page = await insist(() => this.#session.send("points", "/v1/programme/simulations", asked));
        if (turn !== this.#turn) return;
        add(this.#trial, page);
        cursor = page.next_cursor;
        if (cursor === null) {
          this.#trial.isWhole = true;
          break;
        }
        this.#drawTrial();
      }
    } catch (failure) {
      if (failure.code === "unauthenticated" || turn !== this.#turn) return;
      this.#trial.failure = failure;
      this.#fail(failure, "/programme");
      this.#told = null;
    }
    this.#trial.isRunning = false;
    this.#drawTrial();
  }

  #drawTrial() {
    const { t, language } = this.#words;
    if (this.#trial === null) return this.#trialBox.replaceChildren();
    const { sums, rules, isRunning, isWhole, failure } = this.#trial;
    const n = (value) => number(value, language);
    const more = sums.proposed - sums.in_force;
    const sign = more > 0 ? "+" : more < 0 ? "−" : "±";
    const share = sums.in_force > 0 ? new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 }).format(Math.abs(more) / sums.in_force) : "–";
    const values = { members: n(sums.members), purchases: n(sums.purchases), money: money(sums.amount, language) };
    const most = Math.max(sums.in_force, sums.proposed, 1);
    this.#trialBox.replaceChildren(
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
            [...rules].map(([id, [now, then]]) => [id, n(now), n(then), `${then > now ? "+" : then < now ? "−" : "±"}${n(Math.abs(then - now))}`]),
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

/** A rule in a sentence, for whoever skims over all of them. */
function sentenceOf({ rule_id: id, kind, points, per_amount: per, factor, when = {} }, { t, language }) {
  const what =
    kind === "multiplier"
      ? t("says_multiplier", { factor })
      : per
        ? t("says_rate", { points: number(points, language), money: money(per, language) })
        : t("says_bonus", { points: number(points, language) });
  const dates = when?.from || when?.until ? ` · ${when.from ?? ""} – ${when.until ?? ""}` : "";
  const others = Object.keys(when ?? {}).filter((name) => name !== "from" && name !== "until").length;
  return `${id}: ${what}${dates}${others ? ` · ${t("conditions", { count: others })}` : ""}`;
}

function pointerOf(name, place) {
  const at = `/earning/${place}`;
  if (["rule_id", "kind", "points", "per_amount", "factor"].includes(name)) return `${at}/${name}`;
  return name.startsWith("per_") ? `${at}/cap/${name}` : `${at}/when/${name}`;
}

function fieldsOf({ when = {}, cap = {}, ...rule }) {
  const lists = Object.fromEntries(LISTS.map((name) => [name, (when?.[name] ?? []).join(", ")]));
  const channels = when?.channels?.length === 1 ? when.channels[0] : "";
  return { ...rule, ...lists, channels, from: when?.from, until: when?.until, first_purchase: when?.first_purchase, ...cap };
}

/** A rule as the service takes it; what the form does not show (a lot of its own) stays as it was. */
function ruleOf({ from, until, channels, first_purchase: isFirst, per_day, per_member, ...values }, before) {
  const { lot } = before ?? {};
  const when = {
    ...Object.fromEntries(
      LISTS.map((name) => [name, (values[name] ?? "").split(/[,、]/).map((one) => one.trim()).filter(Boolean)]).filter(
        ([, list]) => list.length,
      ),
    ),
    ...(from && { from }),
    ...(until && { until }),
    ...(channels && { channels: [channels] }),
    ...(isFirst && { first_purchase: true }),
  };
  const cap = { ...(per_day !== undefined && { per_day }), ...(per_member !== undefined && { per_member }) };
  const plain = Object.fromEntries(
    ["rule_id", "kind", "points", "per_amount", "factor"].filter((name) => values[name] !== undefined).map((name) => [name, values[name]]),
  );
  return {
    ...plain,
    ...(Object.keys(when).length && { when }),
    ...(Object.keys(cap).length && { cap }),
    ...(lot && { lot }),
  };
}

function settingsOf(programme) {
  return {
    expiry_kind: programme.expiry.kind,
    expiry_n: programme.expiry.n,
    tax: programme.basis.tax,
    deduct: programme.basis.deduct_points_used,
    mode: programme.rounding.mode,
    scope: programme.rounding.scope,
    clawback: programme.clawback,
    approval_above: programme.approval_above,
    spend_min: programme.spending.min,
    spend_step: programme.spending.step,
    presence: programme.pos_spend_needs_presence,
  };
}

function programmeOf(values, before) {
  const n = values.expiry_n;
  return {
    expiry: { kind: values.expiry_kind, ...(n !== undefined && { n }) },
    basis: { tax: values.tax, deduct_points_used: values.deduct },
    rounding: { mode: values.mode, scope: values.scope },
    clawback: values.clawback,
    approval_above: values.approval_above ?? before.approval_above,
    spending: { ...before.spending, min: values.spend_min ?? 1, step: values.spend_step ?? 1 },
    pos_spend_needs_presence: values.presence,
  };
}

/** The day so many days from now, of this device. */
function dayOf(days) {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000 + days * DAY_MS).toISOString().slice(0, 10);
}
