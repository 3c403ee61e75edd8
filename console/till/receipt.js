// What was sold, and why it came to that: for the customer and on paper.

import { $, el, say } from "../lib/dom.js";
import { change, money, moment, number } from "../lib/format.js";
import { discountsOf, reckon } from "./basket.js";
import { drawSums, nameOf } from "./draw.js";

/** Draw a closed sale, which stands as `state` says by now. */
export function drawReceipt(sale, state, who, words) {
  const { t, language } = words;
  const { id, lines, customer, points, at, applied, answer } = sale;
  const reckoned = reckon(lines, discountsOf(applied));
  say($("receipt-title"), t(["undone", "undoing"].includes(state) ? "receipt_undone" : "receipt"));
  say(
    $("receipt-where"),
    `${t("where", { store: who.store_id, terminal: who.terminal_id })} · ${moment(at, language)}`,
  );
  const told = { waiting: "receipt_waits", sent: "receipt_sent", refused: "receipt_refused" }[state];
  $("receipt-waits").hidden = told === undefined;
  $("receipt-waits").classList.toggle("calm", state === "sent");
  say($("receipt-waits"), told === undefined ? "" : t(told));
  const rows = reckoned.lines.map((line) =>
    el(
      "tr",
      {},
      el(
        "th",
        { scope: "row" },
        nameOf(line, t, language),
        el("small", {}, `${line.quantity} × ${money(line.unit, language)}`),
      ),
      el(
        "td",
        { class: "money" },
        money(line.quantity * line.unit, language),
        line.discount ? el("small", {}, money(-line.discount, language)) : null,
      ),
    ),
  );
  $("receipt-lines").tBodies[0].replaceChildren(...rows);
  drawSums($("receipt-sums"), reckoned, points, null, words);
  $("receipt-points").replaceChildren(...pointsOf(customer, answer, words));
  say($("receipt-id"), t("receipt_number", { id }));
}

function pointsOf(customer, answer, { t, language }) {
  if (customer === null) return [el("p", { class: "small" }, t("no_member"))];
  const name = el(
    "h2",
    {},
    t("receipt_member", { name: customer.display_name ?? t(customer.member_id ? "member" : "member_offline") }),
  );
  if (!answer) return [name];
  const row = (words, points) => el("div", {}, el("dt", {}, t(words)), el("dd", {}, number(points, language)));
  const { available, pending } = answer.points;
  const why = answer.explain.map(({ detail, points }) => el("li", {}, `${detail}: ${change(points, language)}`));
  return [
    name,
    el(
      "dl",
      {},
      row("receipt_earned", available),
      pending ? row("receipt_pending", pending) : null,
      row("receipt_balance", answer.balance),
    ),
    el("ul", { class: "small" }, ...why),
  ];
}
