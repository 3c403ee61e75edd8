// Asks for a code that rotates again and again, and knows at any moment what is to be seen. It knows no page, and of
// the network only what `ask` does: `ask(key)` gives {valid_for_ms, …} or throws. Refusals in `final` end it.

import { Refusal } from "./api.js";

export const PERIOD_MS = 30_000;
const BACK_OFF_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
// All screens turn in the same moment; they need not all ask in it.
const SPREAD_MS = 500;

export class Watch {
  #ask;
  #final;
  #key = null;
  #timer = null;
  #turn = 0; // an answer to an earlier turn is nobody's any more
  #now = elapsed();
  #shown = null;
  #refusal = null;
  #failures = 0;
  #trouble = null;

  constructor(ask, { final }) {
    this.#ask = ask;
    this.#final = final;
  }

  /** Begin anew with a key. */
  start(key) {
    this.stop();
    this.#key = key;
    this.again();
  }

  /** Forget the key and all that came of it. */
  stop() {
    clearTimeout(this.#timer);
    this.#turn += 1;
    this.#key = this.#shown = this.#trouble = this.#refusal = null;
    this.#failures = 0;
  }

  /** Ask now, unless nobody has begun or what is shown is still good. */
  again() {
    if (this.#key !== null && !(this.#shown && this.#left() > 0)) this.#attempt();
  }

  /**
   * What is to be seen now: `is` is idle, connecting, shown, turning (the next code is on its way), over or refused.
   * No code is told but in `shown`, and there only as long as it is good.
   */
  look() {
    if (this.#refusal) return { is: "refused", why: this.#refusal.code, requestId: this.#refusal.requestId };
    if (this.#key === null) return { is: "idle" };
    if (this.#shown && this.#left() > 0) return { is: "shown", said: this.#shown.said, leftMs: this.#left() };
    if (this.#trouble === null) return { is: this.#shown ? "turning" : "connecting" };
    const { why, nextAt } = this.#trouble;
    return { is: "over", why, wasShown: this.#shown !== null, nextMs: Math.max(0, nextAt - this.#now()) };
  }

  #left() {
    return this.#shown.until - this.#now();
  }

  async #attempt() {
    clearTimeout(this.#timer);
    const turn = ++this.#turn;
    const asked = this.#now(); // what is left counts from here: too short by the way, never too long
    try {
      const said = await this.#ask(this.#key);
      if (turn === this.#turn) this.#take(said, asked);
    } catch (failure) {
      if (turn === this.#turn) this.#fail(failure);
    }
  }

  #take(said, asked) {
    this.#failures = 0;
    this.#trouble = null;
    this.#shown = { said, until: asked + said.valid_for_ms };
    this.#after(Math.max(0, this.#left()) + Math.random() * SPREAD_MS);
  }

  #fail(failure) {
    if (this.#final.includes(failure.code)) {
      this.stop();
      this.#refusal = failure;
      return;
    }
    const step = BACK_OFF_MS[Math.min(this.#failures, BACK_OFF_MS.length - 1)];
    const wait = Math.max(failure.retryAfterMs ?? 0, step * (0.8 + 0.4 * Math.random()));
    this.#failures += 1;
    this.#trouble = { why: whyOf(failure), nextAt: this.#now() + wait };
    this.#after(wait);
  }

  #after(wait) {
    this.#timer = setTimeout(() => this.#attempt(), wait);
  }
}

function whyOf(failure) {
  if (!(failure instanceof Refusal)) return "network";
  return failure.status === 429 ? "busy" : "server";
}

/** Milliseconds that have passed, slept ones too: neither a wrong clock nor a nap may keep an old code alive. */
function elapsed() {
  let passed = 0;
  let steady = performance.now();
  let wall = Date.now();
  return () => {
    const [steadyNow, wallNow] = [performance.now(), Date.now()];
    passed += Math.max(steadyNow - steady, wallNow - wall);
    [steady, wall] = [steadyNow, wallNow];
    return passed;
  };
}
