// Where a key or token is kept. With the tab unless somebody asks for more: a tablet that reloads the page in the night
// shows its code again with nobody there, and still the key goes when the tab is closed. On a device that is the
// store's own it may stay. It never stands in the address, where history and logs would keep it.

// A browser may forbid to keep anything; then the key lasts as long as the page.
const places = ["sessionStorage", "localStorage"].flatMap((name) => {
  try {
    return [window[name]];
  } catch {
    return [];
  }
});

/** One page's key, by the name under which the browser keeps it. */
export class Keeping {
  #name;

  constructor(name) {
    this.#name = name;
  }

  /** The key that is kept here, or null. */
  kept() {
    return places.map((place) => place.getItem(this.#name)).find((key) => key !== null) ?? null;
  }

  /** Keep a key: with the tab, or also when it is closed. */
  keep(key, { isForGood }) {
    this.forget();
    try {
      (isForGood ? places.at(-1) : places.at(0))?.setItem(this.#name, key);
    } catch {
      // No place is left: the key is typed in again after a reload.
    }
  }

  /** Let nothing of a key stay in this browser. */
  forget() {
    for (const place of places) place.removeItem(this.#name);
  }
}
