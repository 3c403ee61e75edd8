// What was sold at this till: to be looked at once more, or undone. And what came back from a sync.

import { $, el, say } from "../lib/dom.js";
import { clock, money } from "../lib/format.js";
import { discountsOf, reckon } from "./basket.js";

/** Draw the list of sales; `on` has `show(sale)` and `undo(id)`. */
export function drawSales(sales, line, words, on) {
  $("no-sales").hidden = sales.length > 0;
  $("sale-rows").replaceChildren(...sales.map((sale) => saleRow(sale, line, words, on)));
}

function saleRow(sale, line, { t, language }, on) {
  const total = reckon(sale.lines, discountsOf(sale.applied)).total - sale.points;
  const state = stateOf(sale, line);
  const undo = el("button", { type: "button" }, t("undo"));
  undo.addEventListener("click", () => {
    if (undo.dataset.sure) on.undo(sale.id);
    undo.dataset.sure = "yes";
    undo.textContent = t("undo_sure");
  });
  const told = el("small", {}, `${t(`state_${state}`)} · ${sale.id}`);
  return el(
    "li",
    {},
    el("span", {}, `${clock(sale.at, language)} · ${money(total, language)}`, told),
    el("button", { type: "button", click: () => on.show(sale) }, t("show")),
    sale.state === "undone" ? null : undo,
  );
}

/** How a sale stands by now: `waiting` is over once the line has taken it, `undone` only once that is answered. */
export function stateOf(sale, line) {
  if (sale.state === "undone" && line.isUndoing(sale.id)) return "undoing";
  if (sale.state !== "waiting" || line.isWaiting(sale.id)) return sale.state;
  return line.troubles.some(({ id }) => id === sale.id) ? "refused" : "sent";
}

/** Draw the foot: whether the line is up, what waits for it, and what somebody should look at. */
export function drawFoot(line, { t }) {
  const count = line.waiting;
  say($("line"), `${t(line.isUp ? "line_up" : "line_down")}${count ? ` · ${t("line_waiting", { count })}` : ""}`);
  $("line").className = line.isUp ? "up" : "down";
  say($("cut"), t(line.isCut ? "uncut" : "cut"));
  const { troubles } = line;
  $("troubles").hidden = troubles.length === 0;
  say($("trouble-count"), t("troubles", { count: troubles.length }));
  const rows = troubles.map(({ id, value }) =>
    el(
      "li",
      {},
      el("span", {}, value.detail ?? value.code, el("small", {}, id)),
      el("button", { type: "button", click: () => line.settle(id) }, t("settled")),
    ),
  );
  $("trouble-rows").replaceChildren(...rows);
}
