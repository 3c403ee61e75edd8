// What the cashier sees while something is being sold.

import { $, el, say } from "../lib/dom.js";
import { money, number, offer } from "../lib/format.js";

/** The lines on the counter; `on(what, id)` hears `more`, `less` and `rate`. */
export function drawLines(lines, { t, language }, on) {
  const rows = lines.map((line) => {
    const name = nameOf(line, t, language);
    const step = (sign, what, words) =>
      el(
        "button",
        { type: "button", class: "step", "aria-label": t(words, { name }), click: () => on(what, line.id) },
        sign,
      );
    const rate = line.rate / 100;
    return el(
      "tr",
      { role: "row" }, // said here too, for on a narrow screen they are no table's boxes
      el("th", { scope: "row", role: "rowheader" }, name, el("small", {}, `@${number(line.unit, language)}`)),
      el(
        "td",
        { class: "quantity", role: "cell" },
        step("−", "less", "less_of"),
        el("span", {}, String(line.quantity)),
        step("+", "more", "more_of"),
      ),
      el(
        "td",
        { role: "cell" },
        el(
          "button",
          {
            type: "button",
            class: "step",
            "aria-label": t("rate_of", { name, rate }),
            click: () => on("rate", line.id),
          },
          `${rate}%`,
        ),
      ),
      el("td", { class: "money", role: "cell" }, money(line.quantity * line.unit, language)),
    );
  });
  keepingFocus(() => $("line-rows").replaceChildren(...rows));
  $("lines").hidden = lines.length === 0;
  $("empty").hidden = lines.length > 0;
}

/** Redraw a list, and leave the focus where it was: by what the button is called. */
function keepingFocus(draw) {
  const called = document.activeElement?.closest("#line-rows") && document.activeElement.getAttribute("aria-label");
  draw();
  if (called) document.querySelector(`#line-rows [aria-label="${CSS.escape(called)}"]`)?.focus();
}

export function nameOf({ name }, t, language) {
  return name?.[language] ?? t("by_hand");
}

/** Who it is, and what they may use. */
export function drawCustomer(customer, { t, language }) {
  $("nobody").hidden = customer !== null;
  $("somebody").hidden = customer === null;
  if (customer === null) return;
  const isKnown = customer.member_id !== undefined;
  say($("who"), customer.display_name ?? t(isKnown ? "member" : "member_offline"));
  say($("worth"), isKnown ? t("worth", { points: number(customer.balance, language) }) : "");
  say($("level"), t(isKnown ? `level_${customer.code_level}` : "level_offline"));
}

/** The customer's coupons and those that were scanned, each with what it does; `on(coupon)` hears of a choice. */
export function drawCoupons(coupons, quote, { t, language }, on) {
  $("coupons").hidden = coupons.length === 0;
  const rows = coupons.map((coupon, place) => {
    const id = `coupon-${place}`;
    const box = el("input", { type: "checkbox", id, checked: coupon.isChosen && "", change: () => on(coupon) });
    const name = coupon.offer
      ? offer(coupon.offer, language)
      : t(coupon.token ? "offline_coupon" : "coupon_of_code", { code: coupon.code });
    const does = coupon.isChosen ? whatItDoes(coupon, quote, t, language) : null;
    return el(
      "li",
      {},
      el(
        "label",
        { class: "choice", for: id },
        box,
        el("span", {}, name, does && el("small", { class: does.isGood ? "good" : "bad" }, does.words)),
      ),
    );
  });
  $("coupon-rows").replaceChildren(...rows);
}

function whatItDoes(coupon, quote, t, language) {
  const refused = quote.refused.find(({ code }) => sameCode(code, coupon.code));
  if (refused) return { isGood: false, words: reason(refused.reason, t) };
  const applied = quote.applied.find(({ code }) => sameCode(code, coupon.code));
  return applied ? { isGood: true, words: t("takes_off", { money: money(applied.discount, language) }) } : null;
}

const KNOWN = [
  "minimum_not_met",
  "wrong_store",
  "wrong_channel",
  "not_stackable",
  "no_eligible_item",
  "not_yet_valid",
  "limit_reached",
];

/** A coupon's reason in a cashier's words; all that is unknown to us is told as any other coupon that can't be used. */
export function reason(code, t) {
  return t(KNOWN.includes(code) ? code : "code_not_usable");
}

export function sameCode(one, other) {
  return one?.replaceAll("-", "") === other?.replaceAll("-", "");
}

/** What it costs, line by line of the sum, into a list; the last one is what is to be paid. */
export function drawSums(into, { net, discount, taxes, total }, points, earns, { t, language }) {
  const rows = [
    ["sum_net", net + discount],
    ...(discount ? [["sum_discount", -discount]] : []),
    ...taxes.map(({ rate, base, amount }) => ["sum_tax", amount, { rate: rate / 100, base: money(base, language) }]),
    ...(points
      ? [
          ["sum_total", total],
          ["sum_points", -points],
        ]
      : []),
    ["sum_due", total - points],
  ];
  const shown = rows.map(([name, amount, values], place) =>
    el(
      "div",
      { class: place === rows.length - 1 ? "due" : false },
      el("dt", {}, t(name, values)),
      el("dd", {}, money(amount, language)),
    ),
  );
  if (earns !== null)
    shown.push(el("div", { class: "earns" }, el("dt", {}, t("sum_earns")), el("dd", {}, number(earns, language))));
  into.replaceChildren(...shown);
}
