// One store: what it says of itself, its hours and rewards, its pause, and the QR that hangs in it.

import { el } from "../lib/dom.js";
import { qrOf } from "../lib/qr.js";
import { Form } from "./form.js";
import { badge, button, card, trouble, waiting, whyNot } from "./parts.js";
import { stateOf } from "./stores.js";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const LEVELS = [0, 1, 2, 3, 4];

function partsOf(isNew) {
  return [
    {
      title: "part_store",
      fields: [
        {
          name: "store_id",
          label: "store_id",
          hint: "store_id_hint",
          kind: "text",
          maxlength: 64,
          readonly: isNew ? undefined : "",
          pointer: "/store_id",
        },
        { name: "name", label: "name", kind: "text", keeps: true, maxlength: 200, pointer: "/name" },
        {
          name: "state",
          label: "state",
          kind: "select",
          options: [
            ["open", "store_open"],
            ["closed", "store_closed"],
          ],
          pointer: "/state",
        },
      ],
    },
    {
      title: "part_place",
      fields: [
        { name: "lat", label: "lat", hint: "place_hint", kind: "number", pointer: "/lat" },
        { name: "lon", label: "lon", kind: "number", pointer: "/lon" },
        { name: "radius_m", label: "radius_m", hint: "radius_hint", kind: "number", pointer: "/radius_m" },
        {
          name: "dwell_seconds",
          label: "dwell_seconds",
          hint: "dwell_hint",
          kind: "number",
          pointer: "/dwell_seconds",
        },
      ],
    },
    {
      title: "part_hours",
      fields: [
        { name: "time_zone", label: "time_zone", kind: "text", maxlength: 64, pointer: "/time_zone" },
        { name: "cutoff_hour", label: "cutoff_hour", hint: "cutoff_hint", kind: "number", pointer: "/cutoff_hour" },
        { name: "has_hours", label: "has_hours", hint: "hours_hint", kind: "check", isWide: true },
        ...DAYS.map((day) => ({
          name: day,
          label: `day_${day}`,
          kind: "text",
          placeholder: "10:00-20:00",
          when: (values) => values.has_hours,
          pointer: `/hours/${day}`,
        })),
      ],
    },
    {
      title: "part_rewards",
      fields: LEVELS.map((level) => ({
        name: `level_${level}`,
        label: `level_${level}`,
        kind: "number",
        pointer: `/rewards/${level}`,
      })),
    },
  ];
}

export class Store {
  #session;
  #words;
  #root;
  #id;
  #store = null;
  #qr = null;
  #failure = null;
  #told = "";
  #form = null;
  #reason = "";
  #isOpen = false;

  /** `id` null: a new one. */
  constructor({ session, words, root }, id) {
    this.#session = session;
    this.#words = words;
    this.#root = root;
    this.#id = id;
  }

  async open() {
    this.#isOpen = true;
    this.draw();
    if (this.#id === null) return;
    try {
      this.#store = await this.#session.read("checkin", this.#path());
      this.#qr = await this.#session.read("checkin", this.#path("/qr"));
    } catch (failure) {
      if (failure.code === "unauthenticated") return;
      this.#failure = failure;
    }
    this.draw();
  }

  close() {
    this.#isOpen = false;
    document.body.classList.remove("printing");
  }

  draw() {
    if (!this.#isOpen) return;
    const { t } = this.#words;
    const back = el("p", {}, el("a", { href: "#stores" }, `← ${t("stores")}`));
    if (this.#failure) {
      const again = () => {
        this.#failure = null;
        return this.open();
      };
      return this.#root.replaceChildren(back, trouble(this.#failure, t, again));
    }
    if (this.#id !== null && this.#store === null) return this.#root.replaceChildren(back, waiting(t));
    this.#form ??= this.#makeForm();
    this.#form.draw();
    this.#root.replaceChildren(
      back,
      this.#head(),
      el("div", { class: "card part" }, this.#form.element),
      ...(this.#store ? [el("div", { class: "columns" }, this.#pauseCard(), this.#qrCard())] : []),
    );
  }

  #path(what = "", id = this.#id) {
    return `/v1/stores/${encodeURIComponent(id)}${what}`;
  }

  #head() {
    const { t } = this.#words;
    if (this.#store === null) return el("h1", {}, t("new_store"));
    const state = stateOf(this.#store);
    return el(
      "header",
      { class: "head" },
      el("div", { class: "title" }, el("h1", {}, this.#store.name), badge(state, t(`store_${state}`))),
      el("p", { class: "small", role: "status" }, this.#told),
    );
  }

  // ---- the form ----

  #makeForm() {
    const form = new Form({
      words: this.#words,
      parts: partsOf(this.#id === null),
      submit: "save",
      onSubmit: (values) => this.#save(form, values),
    });
    form.set(
      this.#store ? valuesOf(this.#store) : { time_zone: "Asia/Tokyo", state: "open", radius_m: 150, level_0: 10 },
    );
    return form;
  }

  async #save(form, { store_id: typed, ...values }) {
    const { t } = this.#words;
    const id = this.#id ?? typed ?? "";
    if (!/^[A-Za-z0-9._-]{1,64}$/.test(id)) return form.fail([{ pointer: "/store_id", detail: t("store_id_hint") }]);
    const { body, wrong } = bodyOf(values, this.#store, t);
    if (wrong.length) return form.fail(wrong);
    try {
      const made = await this.#session.send("checkin", this.#path("", id), body, "PUT");
      if (this.#id === null) {
        location.hash = `#stores/${encodeURIComponent(made.store_id)}`;
        return;
      }
      this.#store = { ...made, rewards_paused: this.#store.rewards_paused, paused_by: this.#store.paused_by };
      this.#told = t("saved");
      this.draw();
    } catch (failure) {
      form.fail(failure.said?.errors ?? [], whyNot(failure, t));
    }
  }

  // ---- the pause ----

  #pauseCard() {
    const { t } = this.#words;
    const { rewards_paused: isPaused, paused_by: by } = this.#store;
    if (isPaused) {
      return card(
        t("rewards_pause"),
        el("p", {}, t(by === "anomaly" ? "paused_by_anomaly" : "paused_by_operator")),
        button(t("resume_rewards"), () => this.#pause(false), { class: "main" }),
      );
    }
    const reason = el("input", { type: "text", class: "plain", id: "reason", maxlength: "200" });
    reason.value = this.#reason;
    reason.addEventListener("input", () => {
      this.#reason = reason.value;
    });
    return card(
      t("rewards_pause"),
      el("p", { class: "small" }, t("pause_words")),
      el("label", { for: "reason" }, t("reason")),
      reason,
      button(t("pause_rewards"), () => this.#pause(true)),
    );
  }

  async #pause(paused) {
    const { t } = this.#words;
    const reason = paused ? this.#reason.trim() : "";
    try {
      await this.#session.send("checkin", this.#path("/rewards-pause"), { paused, ...(reason && { reason }) }, "PUT");
      this.#store = { ...this.#store, rewards_paused: paused, paused_by: paused ? "operator" : undefined };
      this.#told = t(paused ? "rewards_paused" : "rewards_resumed");
      this.#reason = "";
    } catch (failure) {
      this.#told = whyNot(failure, t);
    }
    this.draw();
  }

  // ---- the QR ----

  #qrCard() {
    const { t } = this.#words;
    if (this.#qr === null) return "";
    const poster = el(
      "div",
      { class: "poster sheet-of" },
      el("strong", {}, this.#store.name),
      qrOf(this.#qr.qr_payload, t("qr_of", { name: this.#store.name })),
      el("p", {}, t("scan_here")),
    );
    return card(
      t("store_qr"),
      el("p", { class: "small" }, t("qr_words")),
      poster,
      button(t("print"), () => {
        document.body.classList.add("printing");
        print();
      }),
    );
  }
}

function valuesOf(store) {
  const { hours, rewards, ...plain } = store;
  const days = Object.fromEntries(
    DAYS.map((day) => [day, (hours?.[day] ?? []).map((interval) => interval.join("-")).join(", ")]),
  );
  const levels = Object.fromEntries(
    LEVELS.map((level) => [`level_${level}`, rewards.find(({ min_level: least }) => (least ?? 0) === level)?.points]),
  );
  return { ...plain, has_hours: hours !== undefined && hours !== null, ...days, ...levels };
}

/** A store as the service takes it. Of rewards what the form does not show (a campaign) stays as it was. */
function bodyOf(values, before, t) {
  const wrong = [];
  const body = {};
  for (const name of ["name", "lat", "lon", "radius_m", "dwell_seconds", "time_zone", "cutoff_hour", "state"]) {
    if (values[name] !== undefined) body[name] = values[name];
  }
  if (values.has_hours) {
    body.hours = {};
    for (const day of DAYS) {
      const intervals = (values[day] ?? "")
        .split(/[,、]/)
        .map((one) => one.replace(/\s/g, ""))
        .filter(Boolean);
      const found = intervals.map((one) => one.split(/[-–〜~]/));
      if (found.some((one) => one.length !== 2)) wrong.push({ pointer: `/hours/${day}`, detail: t("hours_wrong") });
      else if (found.length) body.hours[day] = found.map((one) => one.map((time) => time.padStart(5, "0")));
    }
  }
  body.rewards = LEVELS.filter((level) => values[`level_${level}`] !== undefined).map((level) => {
    const old = before?.rewards.find(({ min_level: least }) => (least ?? 0) === level);
    return { ...old, min_level: level, points: values[`level_${level}`] };
  });
  return { body, wrong };
}
