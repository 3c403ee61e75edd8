// A new campaign: its form, and what it would have taken off sixty real baskets before anybody has a coupon.

import { el } from "../lib/dom.js";
import { money, number } from "../lib/format.js";
import { BASKETS } from "./baskets.js";
import { dayOf } from "./days.js";
import { Form } from "./form.js";
import { bars, button, figure, table, whyNot } from "./parts.js";

const EVENTS = ["checkin.accepted", "member.created", "purchase.completed", "tier.changed", "stamp_card.completed"];
const ROWS = 12; // baskets told one by one
const isOf =
  (...types) =>
  ({ type }) =>
    types.includes(type);
const isGiven =
  (...ways) =>
  ({ way }) =>
    ways.includes(way);

const PARTS = [
  {
    title: "part_name",
    fields: [
      { name: "name_ja", label: "name_ja", kind: "text", keeps: true, maxlength: 200, pointer: "/name/ja" },
      { name: "name_en", label: "name_en", kind: "text", keeps: true, maxlength: 200, pointer: "/name/en" },
      {
        name: "campaign_id",
        label: "campaign_id",
        hint: "campaign_id_hint",
        kind: "text",
        maxlength: 64,
        pointer: "/campaign_id",
      },
    ],
  },
  {
    title: "part_offer",
    fields: [
      {
        name: "type",
        label: "offer_type",
        kind: "select",
        options: ["amount_off", "percent_off", "item_free", "bonus_points"].map((one) => [one, `type_${one}`]),
        pointer: "/offer/type",
      },
      { name: "value", label: "offer_value", hint: "offer_value_hint", kind: "number", pointer: "/offer/value" },
      {
        name: "max_discount",
        label: "max_discount",
        kind: "number",
        pointer: "/offer/max_discount",
        when: isOf("percent_off", "item_free"),
      },
      { name: "min_purchase", label: "min_purchase", kind: "number", pointer: "/min_purchase" },
      { name: "categories", label: "categories", hint: "categories_hint", kind: "text", pointer: "/offer/categories" },
      { name: "skus", label: "skus", hint: "categories_hint", kind: "text", pointer: "/offer/skus" },
    ],
  },
  {
    title: "part_when",
    fields: [
      { name: "valid_from", label: "valid_from", kind: "date", pointer: "/valid_from" },
      { name: "valid_until", label: "valid_until", hint: "valid_until_hint", kind: "date", pointer: "/valid_until" },
      { name: "valid_days", label: "valid_days", hint: "valid_days_hint", kind: "number", pointer: "/valid_days" },
      {
        name: "channels",
        label: "channels",
        kind: "several",
        options: [
          ["pos", "channel_pos"],
          ["ec", "channel_ec"],
        ],
        pointer: "/channels",
      },
      { name: "stores", label: "stores_only", hint: "stores_hint", kind: "text", pointer: "/stores" },
    ],
  },
  {
    title: "part_given",
    fields: [
      {
        name: "way",
        label: "given_by",
        kind: "select",
        options: ["shop", "claim", "price", "event", "told", "paper", "shared"].map((one) => [one, `way_${one}`]),
        pointer: "/code",
      },
      {
        name: "event",
        label: "event",
        kind: "select",
        options: EVENTS.map((one) => [one, `event_${one.replace(".", "_")}`]),
        pointer: "/trigger",
        when: isGiven("event"),
      },
      {
        name: "told",
        label: "told_type",
        hint: "told_hint",
        kind: "text",
        maxlength: 64,
        when: isGiven("told"),
        pointer: "/trigger/event",
      },
      { name: "price_points", label: "price_points", kind: "number", pointer: "/price_points", when: isGiven("price") },
      { name: "exclusive", label: "exclusive", kind: "check", pointer: "/stacking" },
    ],
  },
  {
    title: "part_limits",
    fields: [
      { name: "budget", label: "limit_budget", hint: "limit_budget_hint", kind: "number", pointer: "/limits/budget" },
      { name: "total", label: "limit_total", hint: "limit_total_hint", kind: "number", pointer: "/limits/total" },
      { name: "per_member", label: "limit_per_member", kind: "number", pointer: "/limits/per_member" },
      { name: "per_store_day", label: "limit_per_store_day", kind: "number", pointer: "/limits/per_store_day" },
    ],
  },
  { fields: [{ name: "is_draft", label: "as_draft", hint: "as_draft_hint", kind: "check" }] },
];

export class NewCampaign {
  #session;
  #words;
  #root;
  #form;
  #preview = null;
  #shown = el("section", { id: "preview", class: "card part", role: "status", hidden: "" });
  #isOpen = false;
  #look;

  constructor({ session, words, root }) {
    this.#session = session;
    this.#words = words;
    this.#root = root;
    this.#look = button("", () => this.#ask(), { id: "look" });
    this.#form = new Form({
      words,
      parts: PARTS,
      submit: "make_campaign",
      onSubmit: (values) => this.#make(values),
      more: [this.#look],
    });
    this.#form.set({ type: "percent_off", way: "claim", valid_from: dayOf(0), per_member: 1, channels: ["pos", "ec"] });
  }

  async open() {
    this.#isOpen = true;
    this.draw();
  }

  close() {
    this.#isOpen = false;
  }

  draw() {
    if (!this.#isOpen) return;
    const { t } = this.#words;
    this.#form.draw();
    this.#look.textContent = t("try_on_baskets");
    this.#drawPreview();
    this.#root.replaceChildren(
      el("p", {}, el("a", { href: "#campaigns" }, `← ${t("campaigns")}`)),
      el("h1", {}, t("new_campaign")),
      el("div", { class: "card part" }, this.#form.element),
      this.#shown,
    );
  }

  async #make(values) {
    const body = bodyOf(values);
    try {
      const { campaign_id: id } = await this.#session.send("coupons", "/v1/campaigns", body);
      location.hash = `#campaigns/${encodeURIComponent(id)}`;
    } catch (failure) {
      this.#fail(failure, "");
    }
  }

  async #ask() {
    this.#form.clear();
    const campaign = bodyOf(this.#form.values());
    // A name and an id can wait; what they are takes nothing off.
    campaign.campaign_id ||= "preview";
    campaign.name = { ja: campaign.name.ja || "-", en: campaign.name.en || "-" };
    const channel = campaign.channels?.[0] ?? "pos";
    const baskets = BASKETS.map((lines) => ({
      channel,
      ...(campaign.stores && { store_id: campaign.stores[0] }),
      basket: {
        lines: lines.map(([quantity, amount], n) => ({ line_id: String(n), quantity, amount, ...eligible(campaign) })),
      },
    }));
    try {
      this.#preview = await this.#session.send("coupons", "/v1/campaign-previews", { campaign, baskets });
      this.#drawPreview();
      this.#shown.scrollIntoView({ block: "nearest" });
    } catch (failure) {
      this.#fail(failure, "/campaign");
    }
  }

  #fail(failure, place) {
    const errors = (failure.said?.errors ?? []).map(({ pointer, detail }) => ({
      pointer: pointer.startsWith(place) ? pointer.slice(place.length) : pointer,
      detail,
    }));
    this.#form.fail(errors, whyNot(failure, this.#words.t));
  }

  #drawPreview() {
    const { t, language } = this.#words;
    this.#shown.hidden = this.#preview === null;
    if (this.#preview === null) return;
    const { results, fitting, amount, discount_total: total, bonus_points_total: points } = this.#preview;
    const share =
      amount > 0
        ? new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 }).format(total / amount)
        : "–";
    const reasons = [...new Set(results.map(({ reason }) => reason).filter(Boolean))];
    const each = fitting > 0 ? Math.floor(total / fitting) : 0;
    this.#shown.replaceChildren(
      el("h2", {}, t("preview")),
      el("p", { class: "small" }, t("preview_words", { count: number(results.length, language) })),
      el(
        "dl",
        { class: "figures" },
        figure(
          t("fitting"),
          t("of_baskets", { fitting: number(fitting, language), count: number(results.length, language) }),
        ),
        figure(t("taken_off"), money(total, language), t("share_of_sales", { share })),
        figure(t("each_basket"), money(each, language)),
        ...(points ? [figure(t("points_given"), number(points, language))] : []),
      ),
      reasons.length
        ? bars(
            t("why_not"),
            reasons.map((reason) => {
              const count = results.filter((one) => one.reason === reason).length;
              return { name: t(`reason_${reason}`), value: count, text: number(count, language) };
            }),
          )
        : "",
      el(
        "details",
        {},
        el("summary", {}, t("baskets_one_by_one", { count: number(ROWS, language) })),
        table(
          t("preview"),
          [t("basket_amount"), t("taken_off"), t("result")],
          results
            .slice(0, ROWS)
            .map((one) => [
              money(one.amount, language),
              money(one.discount, language),
              one.reason ? t(`reason_${one.reason}`) : t("fits"),
            ]),
          [0, 1],
        ),
      ),
    );
  }
}

/** Real lines have no category of this shop: a preview takes every line for one that the offer is for. */
function eligible({ offer: { categories, skus } }) {
  return { ...(categories && { category: categories[0] }), ...(skus && { sku: skus[0] }) };
}

/** A campaign as the service takes it; what is not filled in is not sent, and the service says what is missing. */
function bodyOf(values) {
  const { way, event, told, price_points, exclusive, is_draft: isDraft, name_ja: ja, name_en: en } = values;
  const channels = values.channels?.length === 1 ? values.channels : undefined;
  const limits = picked(values, ["budget", "total", "per_member", "per_store_day"]);
  return {
    campaign_id: values.campaign_id ?? slug(en ?? ""),
    name: { ja: ja ?? "", en: en ?? "" },
    offer: { ...picked(values, ["type", "value", "max_discount"]), ...lists(values, ["categories", "skus"]) },
    valid_from: values.valid_from ?? "",
    ...picked(values, ["min_purchase", "valid_until", "valid_days"]),
    ...(channels && { channels }),
    ...lists(values, ["stores"]),
    ...(Object.keys(limits).length && { limits }),
    ...(exclusive && { stacking: { exclusive } }),
    ...(way === "event" && { trigger: { event } }),
    ...(way === "told" && { trigger: { event: `trigger.${told ?? ""}` } }),
    ...(way === "price" && { price_points }),
    ...((way === "shop" || way === "paper") && { claimable: false }),
    ...(way === "shared" && { code: { mode: "shared" } }),
    ...(isDraft && { state: "draft" }),
  };
}

function picked(values, names) {
  return Object.fromEntries(names.filter((name) => values[name] !== undefined).map((name) => [name, values[name]]));
}

function lists(values, names) {
  const split = names.map((name) => [name, (values[name] ?? "").split(/[,、]/).map((one) => one.trim())]);
  return Object.fromEntries(
    split.map(([name, items]) => [name, items.filter(Boolean)]).filter(([, items]) => items.length > 0),
  );
}

/** An id out of an English name: `10 % off in spring` is `10-off-in-spring`. */
function slug(name) {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 48);
}
