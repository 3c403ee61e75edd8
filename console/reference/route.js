// One route as people read it: a line that opens to who may, what it takes and what it answers.

import { el } from "../lib/dom.js";
import { fieldsOf, isShape, kindOf } from "./shapes.js";

/** The routes of a document in the order of their paths: `{method, path, operation, found}`; `found` is what a search looks in. */
export function routesOf(said) {
  const schemas = said.components.schemas;
  return Object.entries(said.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => {
      const names = shapesOf(operation).flatMap(([, schema]) => fieldsOf(schema, schemas).map(({ name }) => name));
      const words = [method, path, operation.summary, operation["x-scope"], ...names];
      return { method: method.toUpperCase(), path, operation, found: words.join(" ").toLowerCase() };
    }),
  );
}

function shapesOf(operation) {
  const bodies = Object.entries(operation.requestBody?.content ?? {}).map(([, { schema }]) => ["body", schema]);
  return [...bodies, ...answersOf(operation)];
}

function answersOf(operation) {
  return Object.entries(operation.responses)
    .filter(([status]) => status.startsWith("2"))
    .flatMap(([status, answer]) => alternatives(answer.content?.["application/json"]?.schema).map((schema) => [status, schema]));
}

function alternatives(schema) {
  return schema === undefined ? [] : (schema.anyOf ?? [schema]);
}

/** The element of a route. Its tables are made when it is opened first. */
export function drawn(route, schemas, t) {
  const { operation, method, path } = route;
  const details = el(
    "details",
    { class: "route", id: operation.operationId },
    el(
      "summary",
      {},
      el("span", { class: `method ${method.toLowerCase()}` }, method),
      el("code", { class: "path" }, ...broken(path)),
      el("span", { class: "about" }, operation.summary),
    ),
  );
  details.addEventListener("toggle", () => details.append(...inside(route, schemas, t)), { once: true });
  return details;
}

/** A long path may break behind a slash. */
function broken(path) {
  return path.split("/").flatMap((part, n) => (n === 0 ? [part] : ["/", document.createElement("wbr"), part]));
}

function inside({ operation }, schemas, t) {
  const scope = operation.security.length === 0 ? t("nobody") : operation["x-scope"];
  const parts = [el("p", {}, `${t("who")}: `, el("code", {}, scope === "member's own token" ? t("own") : scope))];
  if (operation.parameters.length > 0) parts.push(heading(t("takes")), parameters(operation.parameters, t));
  for (const [kind, { schema }] of Object.entries(operation.requestBody?.content ?? {})) {
    parts.push(heading(`${t("body")} · ${kind}`), shape(schema, schemas, t));
  }
  for (const [status, schema] of answersOf(operation)) {
    parts.push(heading(`${t("answer")} ${status}`), shape(schema, schemas, t));
  }
  parts.push(el("p", { class: "small" }, t("refused")));
  return parts;
}

function heading(text) {
  return el("h3", {}, text);
}

function shape(schema, schemas, t) {
  return isShape(schema, schemas) ? fields(fieldsOf(schema, schemas), t) : el("p", {}, el("code", {}, kindOf(schema)));
}

function fields(rows, t) {
  return table(
    [t("name"), t("kind"), t("what")],
    rows.map(({ name, kind, isRequired, what, depth }) => [
      el("span", { class: `deep-${depth}` }, el("code", {}, name), isRequired ? el("span", { class: "must" }, t("required")) : null),
      el("code", {}, kind),
      what,
    ]),
  );
}

function parameters(all, t) {
  return table(
    [t("name"), t("at"), t("kind"), t("what")],
    all.map(({ name, in: at, required, schema, description = "" }) => [
      el("span", {}, el("code", {}, name), required ? el("span", { class: "must" }, t("required")) : null),
      at,
      el("code", {}, kindOf(schema)),
      description,
    ]),
  );
}

function table(heads, rows) {
  return el(
    "div",
    { class: "wide", tabindex: 0, role: "group", "aria-label": heads.join(", ") },
    el(
      "table",
      {},
      el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))),
      el("tbody", {}, ...rows.map((cells) => el("tr", {}, ...cells.map((cell) => el("td", {}, cell))))),
    ),
  );
}
