// One award on its way, kept with its id before it is sent: every try sends the same, also after a reload.

import { insist, isPassing } from "../lib/again.js";

export class Giving {
  #session;
  #place;
  #kept = null;

  constructor(session, partnerId) {
    this.#session = session;
    this.#place = `omo.cafe.${partnerId}.award`;
  }

  /** The award that has no answer yet, or null. */
  get open() {
    try {
      return JSON.parse(localStorage.getItem(this.#place));
    } catch {
      return this.#kept; // a browser that keeps nothing: as long as the page lasts
    }
  }

  /** Name an award; it is sent by `send`. */
  begin(what) {
    this.#keep({ award_id: crypto.randomUUID(), ...what });
  }

  /** Send it until there is an answer; throws what was said instead. */
  async send(onWait) {
    try {
      const said = await insist(() => this.#session.send("points", "/v1/awards", this.open), onWait);
      this.#keep(null);
      return said;
    } catch (failure) {
      if (!isPassing(failure)) this.#keep(null);
      throw failure;
    }
  }

  /** Give it up: it is undone, whether it had arrived or not, and can't arrive any more. */
  async giveUp() {
    await this.takeBack(this.open.award_id);
    this.#keep(null);
  }

  /** Take an award back. Its own id names that too, for it is taken back once. */
  async takeBack(awardId) {
    const path = `/v1/operations/${encodeURIComponent(awardId)}/reverse`;
    await insist(() => this.#session.send("points", path, { reverse_id: awardId, kind: "award" }));
  }

  #keep(award) {
    this.#kept = award;
    try {
      if (award === null) localStorage.removeItem(this.#place);
      else localStorage.setItem(this.#place, JSON.stringify(award));
    } catch {
      // Then it lasts as long as the page.
    }
  }
}
