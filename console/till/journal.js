// What a till must not forget, in the browser's storage: each thing under a key of its own, written before it is sent.
// Of one till, told apart by its store and terminal.

export class Journal {
  #prefix;

  constructor({ store_id: store, terminal_id: terminal }) {
    this.#prefix = `omo.till.${store}.${terminal}.`;
    this.till = terminal.startsWith(store) ? terminal : `${store}-${terminal}`;
  }

  /** An id that no till and no year has seen: made once for what it names, and kept with it. */
  name() {
    const random = crypto.getRandomValues(new Uint8Array(5));
    const letters = [...random].map((byte) => byte.toString(36).padStart(2, "0")).join("");
    return `${this.till.slice(0, 40)}-${new Date().toISOString().slice(0, 10).replaceAll("-", "")}-${letters}`;
  }

  /** The next of the numbers by which a till counts what it does; rising, never the same twice. */
  next() {
    const number = (this.read("sequence") ?? 0) + 1;
    this.write("sequence", number);
    return number;
  }

  read(name) {
    const kept = localStorage.getItem(this.#prefix + name);
    return kept === null ? null : JSON.parse(kept);
  }

  /** Throws where the browser keeps nothing: a till that can't remember must not go on. */
  write(name, value) {
    localStorage.setItem(this.#prefix + name, JSON.stringify(value));
  }

  remove(name) {
    localStorage.removeItem(this.#prefix + name);
  }

  /** Put something at the end of a list, under its id. */
  put(list, id, value) {
    this.write(`${list}.${id}`, { at: Date.now(), id, value });
  }

  /** What stands in a list, the oldest first: [{id, value}]. */
  all(list) {
    const begin = `${this.#prefix}${list}.`;
    const names = Object.keys(localStorage).filter((name) => name.startsWith(begin));
    return names.map((name) => JSON.parse(localStorage.getItem(name))).sort((one, other) => one.at - other.at);
  }

  drop(list, id) {
    this.remove(`${list}.${id}`);
  }
}
