// The line to the services: whether it is up, what waits for it, and sending that when it is back. Everything that
// waits lies in the journal, under the id that it was given before it was first sent.

import { isPassing } from "../lib/again.js";
import { NoAnswer, Refusal } from "../lib/api.js";

const LOOK_MS = 4_000;
const ITEMS_MAX = 50; // a call answers within a second or two
const QUEUE = "queue";
const UNDO = "undo";
const TROUBLE = "trouble";

export class Line {
  isUp = true;
  isCut = false;
  #session;
  #journal;
  #onChange;
  #timer;
  #isBusy = false;

  constructor(session, journal, onChange) {
    this.#session = session;
    this.#journal = journal;
    this.#onChange = onChange;
    this.#timer = setInterval(() => this.look(), LOOK_MS);
  }

  stop() {
    clearInterval(this.#timer);
    this.#onChange = () => {};
  }

  get = (...asked) => this.#through(() => this.#session.get(...asked));
  send = (...asked) => this.#through(() => this.#session.send(...asked));

  /** Somebody pulls the plug, to practise; or puts it in again. */
  cut(isCut) {
    this.isCut = isCut;
    this.#note(!isCut && this.isUp);
    this.look();
  }

  // ---- what waits ----

  /** How many sales and undoings wait for the line. */
  get waiting() {
    return this.#journal.all(QUEUE).length + this.#journal.all(UNDO).length;
  }

  /** What came back and somebody should look at: [{id, value: {code, detail}}]. */
  get troubles() {
    return this.#journal.all(TROUBLE);
  }

  settle(id) {
    this.#journal.drop(TROUBLE, id);
    this.#onChange();
  }

  /** A sale's part that waits to be synced. */
  queue(item) {
    this.#journal.put(QUEUE, item.id, { ...item, terminal_seq: this.#journal.next() });
    this.#onChange();
  }

  /** Undo what was sent under this id, whatever became of it: until somebody says that it is undone. */
  undo(kind, id) {
    this.#journal.put(UNDO, id, { kind });
    this.#onChange();
    this.look();
  }

  /** Whether a sale still lies here, and nobody else knows of it. */
  isWaiting(id) {
    return this.#journal.all(QUEUE).some((one) => one.id === id);
  }

  isUndoing(id) {
    return this.#journal.all(UNDO).some((one) => one.id === id);
  }

  // ---- sending it ----

  /** Send what waits, and find out whether the line is back. */
  async look() {
    if (this.#isBusy || this.isCut) return;
    this.#isBusy = true;
    try {
      if (!this.isUp) await this.get("coupons", "/v1/whoami");
      await navigator.locks.request("omo.till", () => this.#work()); // two windows of one till: one of them sends
    } catch (failure) {
      if (!(failure instanceof NoAnswer) && !isPassing(failure)) throw failure;
    } finally {
      this.#isBusy = false;
    }
  }

  async #work() {
    for (const { id, value } of this.#journal.all(UNDO)) await this.#undoOne(id, value.kind);
    for (let items = this.#journal.all(QUEUE); items.length > 0; items = this.#journal.all(QUEUE)) {
      const sent = items.slice(0, ITEMS_MAX).map(({ value }) => value);
      const { results } = await this.send("coupons", "/v1/offline/sync", { items: sent });
      for (const result of results) this.#take(result);
      this.#onChange();
    }
  }

  #take({ id, outcome, code, reason, detail }) {
    if (outcome === "conflict_refused") this.#journal.put(TROUBLE, id, { code, reason, detail });
    this.#journal.drop(QUEUE, id);
  }

  async #undoOne(id, kind) {
    try {
      if (kind === "redemption")
        await this.send("coupons", `/v1/redemptions/${encodeURIComponent(id)}/void`, { void_id: id });
      else {
        const body = { reverse_id: id, kind: "purchase", source: "pos" };
        await this.send("points", `/v1/operations/${encodeURIComponent(id)}/reverse`, body);
      }
    } catch (failure) {
      if (!(failure instanceof Refusal) || isPassing(failure)) throw failure;
      this.#journal.put(TROUBLE, id, { code: failure.code, detail: failure.said.detail });
    }
    this.#journal.drop(UNDO, id);
    this.#onChange();
  }

  async #through(ask) {
    if (this.isCut) {
      this.#note(false);
      throw new NoAnswer("the line is cut");
    }
    try {
      const said = await ask();
      this.#note(true);
      return said;
    } catch (failure) {
      this.#note(failure instanceof Refusal && failure.status < 500);
      throw failure;
    }
  }

  #note(isUp) {
    if (isUp === this.isUp) return;
    this.isUp = isUp;
    this.#onChange();
  }
}
