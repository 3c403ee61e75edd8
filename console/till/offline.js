// Coupons without a line: a token's bytes, its signature, and what it is worth. A port of shared/offline_token.py and
// shared/offline_till.py; docs/offline.md spells it out, and tests hold this file against that one's example.

const CLOCK_MARGIN_MS = 15 * 60_000;
const DAY_MS = 86_400_000;
const FIRST_DAY = Date.UTC(2000, 0, 1);
const TYPES = ["amount_off", "percent_off", "item_free"];
const [HEAD, SIGNATURE, STORE] = [22, 64, 4];

/** Why a till must not take a token now; `code` says which reason. */
export class Declined extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** A token by its text, if one of these keys ([{kid, key}]) has signed it. Throws `Declined`. */
export async function readToken(text, keys) {
  const raw = unspelt(text);
  if (raw === null || raw.length < HEAD + SIGNATURE || raw[0] !== 1) throw new Declined("token_invalid");
  const [signed, signature] = [raw.slice(0, -SIGNATURE), raw.slice(-SIGNATURE)];
  const view = new DataView(raw.buffer);
  const kid = hex(raw.slice(1, 5));
  const key = keys.find((one) => one.kid === kid);
  if (!key || !(await isSigned(unspelt(key.key), signature, signed))) throw new Declined("token_invalid");
  const count = raw[HEAD - 1];
  const numbers = unpacked(signed.slice(HEAD + count * STORE));
  const [value, most, least] = numbers;
  return {
    spot: `${view.getUint16(5)}.${view.getUint8(7) * 2 ** 32 + view.getUint32(8)}`,
    type: TYPES[view.getUint8(12)],
    value,
    first: dayOf(view.getUint16(13)),
    last: view.getUint16(15) ? dayOf(view.getUint16(15)) : null,
    expiresAt: view.getUint32(17) * 1_000,
    stores: Array.from({ length: count }, (_, place) =>
      hex(signed.slice(HEAD + place * STORE, HEAD + (place + 1) * STORE)),
    ),
    maxDiscount: most || null,
    minPurchase: least,
  };
}

/** Why a token can't be used here and now on these lines; null if it can. */
export async function whyNot(token, { storeId, day, now }, lines) {
  const whole = lines.reduce((sum, { amount }) => sum + amount, 0);
  if (now > token.expiresAt + CLOCK_MARGIN_MS) return "token_expired";
  if (day < token.first) return "not_yet_valid";
  if (token.last !== null && day > token.last) return "code_not_usable";
  if (token.stores.length > 0 && !token.stores.includes(await markOf(storeId))) return "wrong_store";
  if (whole < token.minPurchase) return "minimum_not_met";
  return whole === 0 ? "no_eligible_item" : null;
}

/** What a token takes off these lines ([{quantity, amount}]): whole yen, never more than they are worth. */
export function worth(token, lines) {
  const whole = lines.reduce((sum, { amount }) => sum + amount, 0);
  const taken = {
    percent_off: () => Math.floor((whole * token.value) / 100),
    item_free: () => freeItems(token.value, lines),
    amount_off: () => token.value,
  };
  return Math.min(taken[token.type](), whole, token.maxDiscount ?? Infinity);
}

function freeItems(count, lines) {
  const found = lines
    .filter(({ amount }) => amount > 0)
    .map(({ quantity, amount }) => ({ items: Math.max(1, quantity), amount }));
  found.sort((one, other) => Math.floor(other.amount / other.items) - Math.floor(one.amount / one.items));
  let free = 0;
  let left = count;
  for (const { items, amount } of found) {
    const taken = Math.min(left, items);
    free += Math.floor((amount * taken) / items);
    left -= taken;
  }
  return free;
}

/** Whether a till may give this much more under its allowance; throws `Declined` with the reason if not. */
export function mayGive(allowance, { taken, given }, token, discount, now) {
  if (now > Date.parse(allowance.expires_at)) throw new Declined("allowance_over");
  if (taken.includes(token.spot)) throw new Declined("taken_here_before");
  if (taken.length >= allowance.max_redemptions || given + discount > allowance.max_value)
    throw new Declined("allowance_used_up");
}

async function isSigned(key, signature, signed) {
  try {
    const made = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", made, signature, signed);
  } catch {
    return false; // a browser that knows no Ed25519 takes no coupons without a line
  }
}

/** The bytes of base 64 for URLs without padding; null for what is none, or is spelt in another way. */
function unspelt(text) {
  try {
    const raw = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
    const again = btoa(String.fromCharCode(...raw))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "");
    return again === text ? raw : null;
  } catch {
    return null;
  }
}

async function markOf(storeId) {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(storeId));
  return hex(new Uint8Array(hash).slice(0, STORE));
}

function unpacked(bytes) {
  const numbers = [];
  let [number, shift] = [0, 1];
  for (const byte of bytes) {
    number += (byte & 0x7f) * shift;
    shift *= 128;
    if (byte & 0x80) continue;
    numbers.push(number);
    [number, shift] = [0, 1];
  }
  return numbers;
}

const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const dayOf = (days) => new Date(FIRST_DAY + days * DAY_MS).toISOString().slice(0, 10);
