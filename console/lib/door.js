// The local stack's door: with one click in as a sample member or with a sample key. Elsewhere there is none, and
// whoever comes has a key or token of their own.

import { addresses, NoAnswer } from "./api.js";
import { $, el } from "./dom.js";

// What the sample keys stand for. A key by another name is called by it.
const OWNERS = { pos: "Shibuya", pos_other_store: "Umeda", partner: "Café Aoyama", partner_other: "Bakery Kobe" };

/** Those of these keys that lie behind the door, as places with the names of their owners. */
export function keysAt(door, names) {
  return names
    .filter((name) => door.keys.includes(name))
    .map((name) => ({ place: `keys/${name}`, owner: OWNERS[name] ?? name }));
}

/**
 * Show the door, where there is one: a button in `#guests` for each of `guests(door)`, {place, name}. `onSecret` gets
 * the secret or token of the one that is pressed, or null if nobody opened.
 */
export async function openDoor(guests, onSecret) {
  try {
    const { door } = await addresses();
    const come = (place) => enter(place).then(onSecret, () => onSecret(null));
    const found = door ? guests(door) : [];
    $("guests").replaceChildren(
      ...found.map(({ place, name }) => el("button", { type: "button", click: () => come(place) }, name)),
    );
    $("door").hidden = found.length === 0;
  } catch {
    // Nobody answers yet: the form is there all the same.
  }
}

/** The secret or token behind a place at the door: `keys/pos`, `members/m-hanako`. */
async function enter(place) {
  try {
    const path = place.split("/").map(encodeURIComponent).join("/");
    const answer = await fetch(new URL(`../door/${path}`, import.meta.url), { method: "POST", cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    return (await answer.json()).secret;
  } catch (failure) {
    throw new NoAnswer(failure.message);
  }
}
