// Stores near the member, and checking in there. On a local stack the place is made up; else the phone says it.

import { insist } from "../lib/again.js";
import { Refusal } from "../lib/api.js";
import { $, el, say } from "../lib/dom.js";
import { distance, moment, number, offer } from "../lib/format.js";
import { nameFor, settled } from "../lib/naming.js";
import { mapOf, placeAt } from "./map.js";

const RADIUS_M = 3_000;
const NEAR = 10; // so many stores are drawn
const STEP_M = 100;
const CONSENT = { granted: true, version: "console-1" };
const SIMULATED_ACCURACY_M = 10;
const PHONE = { enableHighAccuracy: true, timeout: 10_000, maximumAge: 0 };

export class Stores {
  #session;
  #words;
  #place;
  #isSimulated;
  #onReward;
  #found = null;
  #fences = [];
  #told = null;
  #isBusy = false;
  #turn = 0;

  /** `place` is where a visitor of a local stack stands; null: the phone is asked. */
  constructor(session, words, place, onReward) {
    this.#session = session;
    this.#words = words;
    this.#place = place && { ...place, accuracy_m: SIMULATED_ACCURACY_M };
    this.#isSimulated = place !== null;
    this.#onReward = onReward;
    $("simulated").hidden = !this.#isSimulated;
    $("locate").onclick = () => this.#locate();
    $("agree").onclick = () => this.#agree();
    for (const button of document.querySelectorAll("[data-move]")) {
      const [north, east] = button.dataset.move.split(",").map((steps) => Number(steps) * STEP_M);
      button.onclick = () => this.#move(placeAt(this.#place, { north, east }));
    }
  }

  async load() {
    $("locate").hidden = this.#isSimulated;
    if (this.#place === null) return;
    const turn = ++this.#turn;
    const here = `lat=${this.#place.lat}&lon=${this.#place.lon}`;
    try {
      const near = await this.#session.read("checkin", `/v1/stores/nearby?${here}&radius_m=${RADIUS_M}&limit=${NEAR}`);
      const fences = await this.#session.read("checkin", `/v1/geofences?${here}&limit=${NEAR}`);
      if (turn !== this.#turn) return; // somebody has moved on meanwhile
      this.#found = near.items;
      this.#fences = fences.items.filter(({ store_id: id }) => near.items.some((store) => store.store_id === id));
    } catch (failure) {
      this.#fail(failure);
    }
    this.draw();
  }

  draw() {
    this.#drawTold();
    if (this.#found === null) return;
    const onPlace = this.#isSimulated ? (place) => this.#move(place) : null;
    $("map").replaceChildren(mapOf(this.#place, this.#found, this.#fences, this.#words, onPlace));
    $("nearby").replaceChildren(...this.#found.map((store) => this.#row(store)));
    $("no-stores").hidden = this.#found.length > 0;
  }

  #row(store) {
    const { t, language } = this.#words;
    const { store_id: id, name, distance_m: far, open_now: isOpen, offers } = store;
    const number = el("input", {
      type: "text",
      class: "plain",
      inputmode: "numeric",
      maxlength: "64",
      autocomplete: "off",
      id: `number-${id}`,
      "aria-label": `${t("store_number")} (${name})`,
      placeholder: t("store_number"),
    });
    const typed = el(
      "form",
      {
        class: "row",
        submit: (event) => {
          event.preventDefault();
          this.#checkIn(store, { presence_code: number.value.replace(/\s/g, "") });
        },
      },
      number,
      el("button", { type: "submit" }, t("check_in")),
    );
    return el(
      "li",
      { class: "card" },
      el("h2", {}, name),
      el("p", { class: "small" }, `${distance(far, language)} · ${t(isOpen ? "open_now" : "closed_now")}`),
      el(
        "button",
        {
          type: "button",
          class: "main",
          "aria-label": t("check_in_at", { name }),
          click: () => this.#checkIn(store, {}),
        },
        t("check_in"),
      ),
      el("details", {}, el("summary", {}, t("with_number")), typed),
      offers.length === 0
        ? null
        : el(
            "details",
            {},
            el("summary", {}, t("offers", { count: offers.length })),
            ...offers.map((one) => this.#offer(one)),
          ),
    );
  }

  #offer({ campaign_id: id, name, offer: terms }) {
    const { t, language } = this.#words;
    return el(
      "div",
      { class: "offer" },
      el("p", {}, name, el("small", {}, offer(terms, language))),
      el(
        "button",
        { type: "button", "aria-label": `${t("claim")}: ${name}`, click: () => this.#claim(id) },
        t("claim"),
      ),
    );
  }

  // ---- where one is ----

  #move({ lat, lon }) {
    this.#place = { lat, lon, accuracy_m: SIMULATED_ACCURACY_M };
    this.load();
  }

  /** Ask the phone; when that was true, or null if it does not say. */
  async #locate() {
    try {
      const found = await new Promise((done, fail) => navigator.geolocation.getCurrentPosition(done, fail, PHONE));
      const { latitude: lat, longitude: lon, accuracy: accuracy_m } = found.coords;
      this.#place = { lat, lon, accuracy_m };
      this.#told = null;
      await this.load();
      return new Date(found.timestamp);
    } catch {
      this.#tell("not_done", "no_position");
      return null;
    }
  }

  // ---- checking in ----

  async #checkIn(store, evidence) {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      const at = this.#isSimulated ? new Date() : await this.#locate();
      if (at === null && !evidence.presence_code) return;
      // The fix is of this moment, so it is another request than one that was given up before: another name.
      const location = at && { ...this.#place, captured_at: at.toISOString() };
      const body = {
        checkin_id: crypto.randomUUID(),
        store_id: store.store_id,
        ...(location && { location }),
        ...evidence,
      };
      this.#answer(await insist(() => this.#session.send("checkin", "/v1/me/checkins", body)));
    } catch (failure) {
      this.#fail(failure);
    } finally {
      this.#isBusy = false;
    }
  }

  #answer({ outcome, already, reward, next_possible_at: at }) {
    const { language } = this.#words;
    $("consent").hidden = true;
    if (already) this.#tell("already", "already_words", { at: moment(at, language) });
    else this.#tell(outcome, `${outcome}_words`, { points: number(reward.points, language) });
    if (outcome === "awarded" && !already) this.#onReward();
  }

  async #agree() {
    try {
      await insist(() => this.#session.send("points", "/v1/me/consents/location", CONSENT, "PUT"));
      $("consent").hidden = true;
      this.#told = null;
      this.#drawTold();
    } catch (failure) {
      this.#fail(failure);
    }
  }

  async #claim(campaignId) {
    const what = `claim.${campaignId}`;
    try {
      const body = { campaign_id: campaignId, claim_id: nameFor(what) };
      const said = await insist(() => this.#session.send("coupons", "/v1/me/claims", body));
      settled(what);
      if (said.state === "pending") this.#tell("claimed", "claim_pending");
      else this.#tell("claimed", "claimed_words");
      this.#onReward();
    } catch (failure) {
      if (failure instanceof Refusal && failure.status < 500) settled(what);
      this.#fail(failure);
    }
  }

  // ---- what came of it ----

  #fail(failure) {
    if (failure.code === "consent_required") {
      this.#told = null;
      $("consent").hidden = false;
      $("agree").focus();
      return;
    }
    if (failure.code === "campaign_not_found") this.#tell("not_done", "not_claimable");
    else if (failure instanceof Refusal && failure.status < 500) this.#tell("not_done", null, {}, failure.said.detail);
    else this.#tell("not_done", failure instanceof Refusal ? "server" : "network");
  }

  #tell(title, words, values = {}, detail = "") {
    this.#told = { title, words, values, detail };
    this.#drawTold();
    $("checked-in").scrollIntoView({ block: "nearest" });
  }

  #drawTold() {
    const { t } = this.#words;
    $("checked-in").hidden = this.#told === null;
    if (this.#told === null) return;
    const { title, words, values, detail } = this.#told;
    $("checked-in").className = title === "awarded" || title === "claimed" ? "good" : "";
    say($("outcome"), t(title));
    say($("outcome-words"), words ? t(words, values) : detail);
  }
}
