// The way into a page: a key or token that is pasted, or one click where there is a door. The form is the page's own,
// with the ids that are used here.

import { $, say } from "./dom.js";
import { openDoor } from "./door.js";
import { Keeping } from "./keeping.js";

const KEY = /^omo_[a-z0-9]{1,16}_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/;
const TOKEN = /^[\w-]{2,}\.[\w-]{2,}\.[\w-]{2,}$/;

export class Entry {
  #words;
  #keeping;
  #shape;
  #guests;
  #onKey;
  #told = null;

  /** `guests(door)` are the places of the page's visitors, `onKey(key)` begins with a key. */
  constructor({ words, place, guests, onKey, isToken = false }) {
    this.#words = words;
    this.#keeping = new Keeping(place);
    this.#shape = isToken ? TOKEN : KEY;
    this.#guests = guests;
    this.#onKey = onKey;
    $("sign-in").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#take($("key").value.replace(/\s/g, ""));
    });
  }

  /** Go on with the key that is kept, or show the form. */
  begin() {
    const key = this.#keeping.kept();
    if (key !== null) this.#onKey(key);
    else this.show();
  }

  /** Show the form and say why: the name of a text, and the number of a request. */
  show(why = null, requestId = null) {
    this.#keeping.forget();
    this.#told = why && { why, requestId };
    $("sign-in").hidden = false;
    this.draw();
    $("key").focus();
  }

  /** In the language of now. */
  draw() {
    if ($("sign-in").hidden) return;
    const { t } = this.#words;
    openDoor(this.#guests, (secret) => this.#come(secret));
    $("told").hidden = this.#told === null;
    say($("refused"), this.#told ? t(this.#told.why) : "");
    say($("request"), this.#told?.requestId ? t("request", { id: this.#told.requestId }) : "");
    $("key").setAttribute("aria-invalid", String(this.#told !== null));
  }

  #take(key) {
    if (!this.#shape.test(key)) {
      this.#told = { why: "malformed" };
      this.draw();
      $("key").focus();
      return;
    }
    this.#go(key, { isForGood: $("keep")?.checked ?? false });
  }

  #go(key, how) {
    $("key").value = "";
    this.#keeping.keep(key, how);
    $("sign-in").hidden = true;
    this.#onKey(key);
  }

  #come(secret) {
    if (secret !== null) {
      this.#go(secret, { isForGood: false });
      return;
    }
    this.#told = { why: "network" };
    this.draw();
  }
}
