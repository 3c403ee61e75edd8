// What head office's pages are put together from: tables, bars, figures, commands, and what went wrong in words.

import { Refusal } from "../lib/api.js";
import { el, svg } from "../lib/dom.js";

const PAGE = 100;
const AT_ONCE = 3;

/** All items of a list, page by page; at most `most`, and whether that was all. */
export async function all(session, service, path, most = 1_000) {
  const items = [];
  const more = path.includes("?") ? "&" : "?";
  let cursor = null;
  do {
    const from = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page = await session.read(service, `${path}${more}limit=${PAGE}${from}`);
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null && items.length < most);
  return { items, isWhole: cursor === null };
}

/** What `work` gives for each, a few at a time: a browser has few lines, and who waits for one has less time left. */
export async function each(items, work) {
  const found = [];
  for (let from = 0; from < items.length; from += AT_ONCE) {
    found.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(work))));
  }
  return found;
}

/** A failure in words: what the service said, with the request's number, or that nobody answered. */
export function whyNot(failure, t) {
  if (!(failure instanceof Refusal)) return t("network");
  const { said, code, requestId } = failure;
  const fields = (said.errors ?? []).map(({ pointer, detail }) => `${pointer}: ${detail}`);
  const text = [said.detail ?? code, ...fields].join(" / ");
  return requestId ? `${text} (${t("request", { id: requestId })})` : text;
}

/** A button that does something once at a time. */
export function button(text, click, attributes = {}) {
  const made = el("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", () => once(made, click));
  return made;
}

/** Do something while its button can't be pressed again. */
export async function once(pressed, work) {
  if (pressed.getAttribute("aria-disabled") === "true") return;
  pressed.setAttribute("aria-disabled", "true");
  try {
    await work();
  } finally {
    pressed.removeAttribute("aria-disabled");
  }
}

/** A figure with its name: what a dashboard is made of. */
export function figure(name, value, more = null) {
  return el(
    "div",
    { class: "figure" },
    el("dt", {}, name),
    el("dd", {}, el("strong", {}, value), more && el("small", {}, more)),
  );
}

/** Of rows {name, value, text, href?}, a table with a bar each. */
export function bars(caption, rows) {
  const most = Math.max(1, ...rows.map(({ value }) => value));
  return el(
    "table",
    { class: "bars" },
    el("caption", { class: "unseen" }, caption),
    el(
      "tbody",
      {},
      ...rows.map(({ name, value, text, href }) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, href ? el("a", { href }, name) : name),
          el("td", { class: "drawn" }, bar(value, most, "some")),
          el("td", { class: "number" }, text),
        ),
      ),
    ),
  );
}

/** How much of something is used, drawn. What it shows stands beside it as text. */
export function bar(value, most, full = "full") {
  const width = most > 0 ? Math.min(100, (100 * value) / most) : 0;
  return svg(
    "svg",
    { viewBox: "0 0 100 8", preserveAspectRatio: "none", class: "bar", "aria-hidden": "true" },
    svg("rect", { width: 100, height: 8, class: "all" }),
    svg("rect", { width, height: 8, class: width >= 100 ? full : "some" }),
  );
}

/** A table that may be wider than the screen. `rows` are lists of cells; a cell is a text or an element. */
export function table(caption, heads, rows, numbers = []) {
  const kind = (n) => (numbers.includes(n) ? { class: "number" } : {});
  return el(
    "div",
    { class: "wide", tabindex: "0", role: "region", "aria-label": caption },
    el(
      "table",
      {},
      el("thead", {}, el("tr", {}, ...heads.map((head, n) => el("th", { scope: "col", ...kind(n) }, head)))),
      el("tbody", {}, ...rows.map((cells) => el("tr", {}, ...cells.map((cell, n) => el("td", kind(n), cell))))),
    ),
  );
}

/** A state, in its colour. */
export function badge(state, text) {
  return el("span", { class: `badge ${state}` }, text);
}

/** A command for a shell, and a button that copies it. */
export function command(text, t) {
  const said = el("span", { class: "small", role: "status" });
  const copy = button(t("copy"), async () => {
    try {
      await navigator.clipboard.writeText(text);
      said.textContent = t("copied");
    } catch {
      said.textContent = t("not_copied");
    }
  });
  copy.setAttribute("aria-label", `${t("copy")}: ${text}`);
  return el("div", { class: "command" }, el("code", { tabindex: "0" }, text), copy, said);
}

/** A part of a page, with its title. */
export function card(title, ...children) {
  return el("section", { class: "card part", "aria-label": title }, el("h2", {}, title), ...children);
}

/** Something to wait for. */
export function waiting(t) {
  return el("p", { class: "turning", role: "status" }, t("loading"));
}

/** Something that went wrong, and the way to try again. */
export function trouble(failure, t, again) {
  return el("div", { class: "trouble", role: "alert" }, el("p", {}, whyNot(failure, t)), button(t("again"), again));
}

/** Ask once more before something that can't be undone: yes or no. */
export async function sure(question, yes, t) {
  const dialog = el("dialog", { "aria-label": question });
  const answer = new Promise((done) => {
    const give = (value) => () => {
      dialog.close();
      done(value);
    };
    dialog.addEventListener("cancel", () => done(false));
    dialog.append(
      el("p", {}, question),
      el(
        "div",
        { class: "row" },
        el("button", { type: "button", class: "main", click: give(true) }, yes),
        el("button", { type: "button", click: give(false) }, t("no")),
      ),
    );
  });
  document.body.append(dialog);
  dialog.showModal();
  const said = await answer;
  dialog.remove();
  return said;
}

/** Let the browser save a file. */
export function save(name, blob) {
  const href = URL.createObjectURL(blob);
  el("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}
