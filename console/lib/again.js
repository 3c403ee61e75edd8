// Trying again, as the contract asks for: the same request with the same id after 1, 2, 4 and 8 seconds.

import { Refusal } from "./api.js";

const WAITS_MS = [1_000, 2_000, 4_000, 8_000];

/** Whether the same request may be answered later: nobody answered, or a service that is busy or down. */
export function isPassing(failure) {
  return !(failure instanceof Refusal) || failure.status === 429 || failure.status >= 500;
}

/** What `ask` gives, which is called again while it fails for the moment; `onWait(tries)` hears of each wait. */
export async function insist(ask, onWait = () => {}) {
  for (let tries = 0; ; tries++) {
    try {
      return await ask();
    } catch (failure) {
      if (!isPassing(failure) || tries === WAITS_MS.length) throw failure;
      onWait(tries + 1);
      await pause(Math.max(WAITS_MS[tries], failure.retryAfterMs ?? 0));
    }
  }
}

/** Let some time pass. */
export function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
