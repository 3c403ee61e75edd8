// Calls to the three services with one key or token, in the language of the page.

import { insist } from "./again.js";
import { addresses, get, getFile, NoAnswer, Refusal, send, sendText } from "./api.js";

export class Session {
  #key;
  #words;
  #onEnd;
  #where = null;
  #isClosed = false;

  /** `onEnd(refusal)` hears that the key has stopped working. */
  constructor(key, words, onEnd) {
    this.#key = key;
    this.#words = words;
    this.#onEnd = onEnd;
  }

  /** Where the services are, and the door of a local stack. */
  async where() {
    this.#where ??= await addresses();
    return this.#where;
  }

  /** What a service answers to a GET. */
  async get(service, path) {
    return await this.#try(service, (base) => get(base, path, this.#key, this.#words.language));
  }

  /** The same, asked for again while there is no answer. */
  async read(service, path) {
    return await insist(() => this.get(service, path));
  }

  /** A file that a service gives: its bytes. */
  async file(service, path, kind) {
    return await this.#try(service, (base) => getFile(base, path, this.#key, this.#words.language, kind));
  }

  /** What a service answers to a write. */
  async send(service, path, body, method = "POST") {
    return await this.#try(service, (base) => send(base, path, body, this.#key, this.#words.language, method));
  }

  /** The same for a file: its text, of `kind`. */
  async sendText(service, path, text, kind) {
    return await this.#try(service, (base) => sendText(base, path, text, kind, this.#key, this.#words.language));
  }

  /** Nothing that is still under way ends the page any more, and nothing more is asked: it fails as without a line. */
  close() {
    this.#isClosed = true;
    this.#onEnd = () => {};
  }

  async #try(service, ask) {
    try {
      const base = (await this.where())[service];
      if (this.#isClosed) throw new NoAnswer("the session is closed");
      return await ask(base);
    } catch (failure) {
      if (failure instanceof Refusal && failure.status === 401) this.#onEnd(failure);
      if (!(failure instanceof Refusal)) this.#where = null; // a service that has moved is found again
      throw failure;
    }
  }
}
