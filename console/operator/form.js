// A form of named fields. What a service refuses is said at the field it speaks of, by the pointer of its answer.

import { el } from "../lib/dom.js";

let made = 0;

export class Form {
  #t;
  #fields = new Map();
  #titles = [];
  #rest = el("div", { role: "alert", hidden: "" });
  #submit = el("button", { type: "submit", class: "main" });
  #label;
  element;

  /**
   * `parts` are {title?, fields}, fields {name, label, kind, hint?, options?, pointer?, when?, ...attributes}: `kind`
   * is text, number, date, check, area, select (of `options`) or several (a box for each of `options`); `when(values)`
   * says whether it is there. `pointer` is where the service speaks of it. `onSubmit(values)` hears of a press of
   * `submit`; a form without one is read by whoever has made it.
   */
  constructor({ words, parts, submit = null, onSubmit = () => {}, more = [] }) {
    this.#t = words.t;
    this.#label = submit;
    this.element = el(
      "form",
      { class: "form", autocomplete: "off", novalidate: "" },
      ...parts.map((part) => this.#part(part)),
      this.#rest,
      submit && el("div", { class: "row" }, this.#submit, ...more),
    );
    this.element.addEventListener("input", (event) => {
      for (const known of this.#fields.values()) if (known.inputs.includes(event.target)) forget(known);
      this.#show();
    });
    this.element.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (this.#submit.getAttribute("aria-disabled") === "true") return;
      this.#submit.setAttribute("aria-disabled", "true");
      this.clear();
      try {
        await onSubmit(this.values());
      } finally {
        this.#submit.removeAttribute("aria-disabled");
      }
    });
    this.draw();
    this.#show();
  }

  /** What stands in the fields that are there: texts, numbers, booleans, lists; nothing for an empty one. */
  values() {
    const found = {};
    for (const [name, { field, inputs }] of this.#fields) {
      const value = valueOf(field, inputs);
      if (value !== undefined) found[name] = value;
    }
    for (const [name, { field }] of this.#fields) if (field.when && !field.when(found)) delete found[name];
    return found;
  }

  /** Put values in; fields that are not named stay as they are. */
  set(values) {
    for (const [name, value] of Object.entries(values)) {
      const known = this.#fields.get(name);
      if (known) put(known, value);
    }
    this.#show();
  }

  /** Say at each field what is wrong with it: {pointer, detail}. What belongs to none is said below all. */
  fail(errors, otherwise = null) {
    const homeless = [];
    for (const { pointer, detail } of errors) {
      const known = [...this.#fields.values()].find(({ field }) => isAt(field.pointer, pointer));
      if (!known || known.box.hidden) {
        homeless.push(pointer ? `${pointer}: ${detail}` : detail);
        continue;
      }
      known.wrong.textContent = detail;
      known.wrong.hidden = false;
      for (const input of known.inputs) input.setAttribute("aria-invalid", "true");
    }
    if (errors.length === 0 && otherwise) homeless.push(otherwise);
    this.#rest.replaceChildren(...homeless.map((text) => el("p", {}, text)));
    this.#rest.hidden = homeless.length === 0;
    this.element.querySelector('[aria-invalid="true"]')?.focus();
  }

  /** Nothing is wrong any more. */
  clear() {
    this.#rest.hidden = true;
    for (const known of this.#fields.values()) forget(known);
  }

  /** In the language of now; what was filled in stays. */
  draw() {
    for (const { title, node } of this.#titles) node.textContent = this.#t(title);
    if (this.#label) this.#submit.textContent = this.#t(this.#label);
    for (const { field, label, hint, options } of this.#fields.values()) {
      label.textContent = this.#t(field.label);
      if (hint) hint.textContent = this.#t(field.hint);
      for (const [text, node] of options) node.textContent = this.#t(text);
    }
  }

  #part({ title, fields, isFolded }) {
    const boxes = fields.map((field) => this.#field(field));
    if (!title) return el("div", { class: "fields" }, ...boxes);
    const node = el(isFolded ? "summary" : "legend", {});
    this.#titles.push({ title, node });
    return el(isFolded ? "details" : "fieldset", {}, node, el("div", { class: "fields" }, ...boxes));
  }

  #field(field) {
    const id = `f${++made}`;
    const hint = field.hint ? el("p", { class: "small", id: `${id}-hint` }) : null;
    const wrong = el("p", { class: "wrong", id: `${id}-wrong`, hidden: "" });
    const described = [hint && `${id}-hint`, `${id}-wrong`].filter(Boolean).join(" ");
    const built = { field, hint, wrong, ...inputOf(field, id, described) };
    const label = built.label;
    built.box = el("div", { class: field.isWide ? "field wide-field" : "field" }, ...built.nodes, hint, wrong);
    label.dataset.for = field.name;
    this.#fields.set(field.name, built);
    return built.box;
  }

  #show() {
    const values = {};
    for (const [name, { field, inputs }] of this.#fields) values[name] = valueOf(field, inputs);
    for (const { field, box } of this.#fields.values()) box.hidden = Boolean(field.when) && !field.when(values);
  }
}

/** What was said of a field holds no longer: it was changed, or is asked about anew. */
function forget({ wrong, inputs }) {
  wrong.hidden = true;
  for (const input of inputs) input.removeAttribute("aria-invalid");
}

function inputOf(field, id, described) {
  const { name, kind } = field;
  const usual = { id, name, "aria-describedby": described };
  if (kind === "several") return severalOf(field, id, described);
  if (kind === "check") {
    const input = el("input", { ...usual, type: "checkbox" });
    const label = el("span", {});
    return { inputs: [input], label, options: [], nodes: [el("label", { class: "choice" }, input, label)] };
  }
  const label = el("label", { for: id });
  if (kind === "select") {
    const options = field.options.map(([value, text]) => [text, el("option", { value })]);
    const input = el("select", usual, ...options.map(([, option]) => option));
    return { inputs: [input], label, options, nodes: [label, input] };
  }
  const { rows, placeholder, maxlength, min, max, list, readonly } = field;
  const more = { placeholder, maxlength, list, readonly, spellcheck: "false" };
  if (kind === "area") {
    const input = el("textarea", { ...usual, ...more, rows: rows ?? 4 });
    return { inputs: [input], label, options: [], nodes: [label, input] };
  }
  const how = kind === "number" ? { type: "text", inputmode: "decimal" } : { type: kind, min, max };
  const input = el("input", { ...usual, ...more, ...how, class: "plain" });
  return { inputs: [input], label, options: [], nodes: [label, input] };
}

function severalOf(field, id, described) {
  const label = el("span", { id: `${id}-label`, class: "label" });
  const options = [];
  const inputs = field.options.map(([value]) => el("input", { type: "checkbox", value }));
  const choices = inputs.map((input, n) => {
    const text = el("span", {});
    options.push([field.options[n][1], text]);
    return el("label", { class: "choice" }, input, text);
  });
  const group = { role: "group", "aria-labelledby": `${id}-label`, "aria-describedby": described, class: "choices" };
  return { inputs, label, options, nodes: [label, el("div", group, ...choices)] };
}

function valueOf(field, inputs) {
  const [input] = inputs;
  if (field.kind === "several") return inputs.filter((one) => one.checked).map((one) => one.value);
  if (field.kind === "check") return input.checked;
  const text = field.kind === "area" ? input.value.trim() : input.value.normalize("NFKC").trim();
  if (field.keeps) return input.value.trim() || undefined;
  if (text === "") return undefined;
  if (field.kind !== "number") return text;
  const plain = text.replace(/[,_\s]/g, "");
  return /^-?\d+(\.\d+)?$/.test(plain) ? Number(plain) : text; // what is no number is said by the service, at its place
}

function put({ field, inputs }, value) {
  if (field.kind === "several") for (const one of inputs) one.checked = (value ?? []).includes(one.value);
  else if (field.kind === "check") inputs[0].checked = Boolean(value);
  else inputs[0].value = value ?? "";
}

function isAt(known, pointer) {
  return known !== undefined && (pointer === known || pointer.startsWith(`${known}/`));
}
