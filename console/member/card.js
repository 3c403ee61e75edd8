// The member's card: who it is, what they have, and the code of this half minute, as QR and as barcode.

import { barsOf, code128, ean13 } from "../lib/barcode.js";
import { $, say } from "../lib/dom.js";
import { day, number } from "../lib/format.js";
import { qrOf } from "../lib/qr.js";
import { PERIOD_MS, Watch } from "../lib/watch.js";

const DRAW_MS = 200;
const LEAST_MS = 3_000; // between two questions of a phone whose clock is fast
const FINAL = ["unauthenticated", "not_a_member", "forbidden"];

export class Card {
  #words;
  #watch;
  #timer;
  #me = null;
  #balance = null;
  #static = null;
  #drawn = null;

  constructor(session, words) {
    this.#words = words;
    this.#watch = new Watch(() => this.#ask(session), { final: FINAL });
    this.#watch.start("code");
    this.#timer = setInterval(() => this.#drawCode(), DRAW_MS);
    for (const choice of document.querySelectorAll("[name=which]")) {
      choice.onchange = () => this.#drawCode();
    }
  }

  /** A card of nobody shows nothing. */
  stop() {
    clearInterval(this.#timer);
    this.#watch.stop();
    this.#clear();
  }

  take(me, balance) {
    this.#me = me;
    this.#balance = balance;
    this.draw();
  }

  load() {
    this.#watch.again();
    this.draw();
  }

  draw() {
    const { t, language } = this.#words;
    if (this.#me === null) return;
    say($("who"), this.#me.display_name ?? t("member_without_name"));
    // Where a programme has no tiers all members have the same one, and there is nothing to be proud of.
    const { name, next } = this.#balance.tier;
    say($("tier"), next === undefined && name === "base" ? "" : name);
    say($("available"), number(this.#balance.available, language));
    const [first] = this.#balance.expiring;
    say($("soon"), first ? t("soon", { points: number(first.points, language), day: day(first.on, language) }) : "");
    this.#drawn = null;
    this.#drawCode();
  }

  async #ask(session) {
    const said = await session.get("points", "/v1/me/code");
    this.#static = said.static;
    return { ...said.rotating, valid_for_ms: leftOf(said.rotating.valid_until) };
  }

  #drawCode() {
    const { t, language } = this.#words;
    const isStatic = document.querySelector("[name=which]:checked").value === "static";
    const sight = this.#watch.look();
    say($("code-hint"), t(isStatic ? "static_hint" : "rotating_hint"));
    $("time").hidden = isStatic || sight.is !== "shown";
    const value = isStatic ? this.#static?.value : sight.is === "shown" ? sight.said.value : undefined;
    $("no-code").hidden = value !== undefined;
    if (value === undefined) {
      this.#clear();
      say($("no-code"), t(this.#whyNone(sight)));
      return;
    }
    if (!isStatic) this.#drawTime(sight.leftMs);
    if (this.#drawn === value + language) return;
    this.#drawn = value + language;
    $("shown").hidden = false;
    const [payload, bars] = isStatic
      ? [this.#static.value, ean13(this.#static.ean13)]
      : [sight.said.qr_payload, code128(sight.said.code128)];
    $("qr").replaceChildren(qrOf(payload, t("qr")));
    $("bars").replaceChildren(barsOf(bars, t("barcode")));
    $("digits").textContent = grouped(value);
  }

  #drawTime(leftMs) {
    const seconds = Math.ceil(leftMs / 1_000);
    $("left").value = Math.min(leftMs, PERIOD_MS) / 1_000;
    say($("turns"), this.#words.t("seconds_left", { seconds }));
  }

  #whyNone(sight) {
    if (sight.is !== "over") return sight.is === "turning" ? "turning" : "connecting";
    return sight.why === "network" ? "no_network" : "no_service";
  }

  /** Take a code that is over out of the page. */
  #clear() {
    this.#drawn = null;
    $("shown").hidden = true;
    $("qr").replaceChildren();
    $("bars").replaceChildren();
    $("digits").textContent = "";
  }
}

/**
 * How long a code is still shown. A phone's clock may be wrong: then for half a minute from its arrival at the most,
 * which is within the step that services forgive.
 */
function leftOf(validUntil) {
  return Math.min(Math.max(Date.parse(validUntil) - Date.now(), LEAST_MS), PERIOD_MS);
}

/** Digits in groups that a cashier can read out: 4 8102 9374 … */
function grouped(value) {
  return value.replace(/\B(?=(\d{4})+$)/g, " ");
}
