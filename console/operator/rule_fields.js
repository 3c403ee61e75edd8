// What the forms of the programme ask, and the way between them and what the service takes.

import { money, number } from "../lib/format.js";

/** The fields of one rule of earning. */
export const RULE = [
  { name: "rule_id", label: "rule_id", kind: "text", maxlength: 64 },
  {
    name: "kind",
    label: "rule_kind",
    kind: "select",
    options: ["base", "multiplier", "bonus"].map((one) => [one, `kind_${one}`]),
  },
  { name: "points", label: "rule_points", kind: "number", when: ({ kind }) => kind !== "multiplier" },
  {
    name: "per_amount",
    label: "per_amount",
    hint: "per_amount_hint",
    kind: "number",
    when: ({ kind }) => kind !== "multiplier",
  },
  { name: "factor", label: "factor", hint: "factor_hint", kind: "text", when: ({ kind }) => kind === "multiplier" },
  { name: "from", label: "rule_from", kind: "text", placeholder: "2026-12-01" },
  { name: "until", label: "rule_until", kind: "text", placeholder: "2026-12-31" },
  {
    name: "channels",
    label: "only_channel",
    kind: "select",
    options: [
      ["", "everywhere"],
      ["pos", "channel_pos"],
      ["ec", "channel_ec"],
    ],
  },
  { name: "store_ids", label: "stores_only", hint: "stores_hint", kind: "text" },
  { name: "categories", label: "categories", kind: "text" },
  { name: "tiers", label: "tiers_only", kind: "text" },
  { name: "actions", label: "actions_only", hint: "actions_hint", kind: "text" },
  { name: "first_purchase", label: "first_purchase", kind: "check" },
  { name: "per_day", label: "cap_per_day", kind: "number" },
  { name: "per_member", label: "cap_per_member", kind: "number" },
];
const LISTS = ["store_ids", "categories", "tiers", "actions"];

/** The fields of what else a programme says. */
export const SETTINGS = [
  {
    title: "part_settings",
    fields: [
      {
        name: "expiry_kind",
        label: "expiry",
        kind: "select",
        options: ["fixed_days", "sliding", "end_of_month", "calendar_year", "none"].map((one) => [
          one,
          `expiry_${one}`,
        ]),
        pointer: "/expiry/kind",
      },
      {
        name: "expiry_n",
        label: "expiry_n",
        kind: "number",
        pointer: "/expiry/n",
        when: (values) => values.expiry_kind !== "none",
      },
      {
        name: "tax",
        label: "basis",
        kind: "select",
        options: [
          ["excl", "tax_excl"],
          ["incl", "tax_incl"],
        ],
        pointer: "/basis",
      },
      { name: "deduct", label: "deduct_points_used", kind: "check" },
      {
        name: "mode",
        label: "rounding",
        kind: "select",
        options: ["floor", "half_up", "ceil"].map((one) => [one, `round_${one}`]),
        pointer: "/rounding",
      },
      {
        name: "scope",
        label: "rounding_scope",
        kind: "select",
        options: ["line", "order"].map((one) => [one, `scope_${one}`]),
      },
      {
        name: "clawback",
        label: "clawback",
        kind: "select",
        options: ["debt", "clamp", "refuse"].map((one) => [one, `clawback_${one}`]),
        pointer: "/clawback",
      },
      { name: "approval_above", label: "approval_above", kind: "number", pointer: "/approval_above" },
      { name: "spend_min", label: "spend_min", kind: "number", pointer: "/spending/min" },
      { name: "spend_step", label: "spend_step", kind: "number", pointer: "/spending/step" },
      { name: "presence", label: "presence", kind: "check", pointer: "/pos_spend_needs_presence" },
    ],
  },
];

/** A rule in a sentence, for whoever skims over all of them. */
export function sentenceOf({ rule_id: id, kind, points, per_amount: per, factor, when = {} }, { t, language }) {
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

/** Where the service speaks of a field of a rule. */
export function pointerOf(name, place) {
  const at = `/earning/${place}`;
  if (["rule_id", "kind", "points", "per_amount", "factor"].includes(name)) return `${at}/${name}`;
  return name.startsWith("per_") ? `${at}/cap/${name}` : `${at}/when/${name}`;
}

/** A rule as its form takes it. */
export function fieldsOf({ when = {}, cap = {}, ...rule }) {
  const lists = Object.fromEntries(LISTS.map((name) => [name, (when?.[name] ?? []).join(", ")]));
  const channels = when?.channels?.length === 1 ? when.channels[0] : "";
  return {
    ...rule,
    ...lists,
    channels,
    from: when?.from,
    until: when?.until,
    first_purchase: when?.first_purchase,
    ...cap,
  };
}

/** A rule as the service takes it; what the form does not show (a lot of its own) stays as it was. */
export function ruleOf({ from, until, channels, first_purchase: isFirst, per_day, per_member, ...values }, before) {
  const { lot } = before ?? {};
  const when = {
    ...Object.fromEntries(
      LISTS.map((name) => [
        name,
        (values[name] ?? "")
          .split(/[,、]/)
          .map((one) => one.trim())
          .filter(Boolean),
      ]).filter(([, list]) => list.length),
    ),
    ...(from && { from }),
    ...(until && { until }),
    ...(channels && { channels: [channels] }),
    ...(isFirst && { first_purchase: true }),
  };
  const cap = { ...(per_day !== undefined && { per_day }), ...(per_member !== undefined && { per_member }) };
  const plain = Object.fromEntries(
    ["rule_id", "kind", "points", "per_amount", "factor"]
      .filter((name) => values[name] !== undefined)
      .map((name) => [name, values[name]]),
  );
  return {
    ...plain,
    ...(Object.keys(when).length && { when }),
    ...(Object.keys(cap).length && { cap }),
    ...(lot && { lot }),
  };
}

/** The other settings as their form takes them. */
export function settingsOf(programme) {
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

/** The same as the service takes them. */
export function programmeOf(values, before) {
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
