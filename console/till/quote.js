// What the sale would be: what coupons take off, and what it earns. Asked for whenever something changes; nothing is
// used and nothing recorded by asking.

import { pause } from "../lib/again.js";
import { asSent, discountsOf, purchaseOf, reckon, spread } from "./basket.js";
import { readToken, whyNot, worth } from "./offline.js";

const WAIT_MS = 200;
export const NOTHING = { applied: [], refused: [], earns: null };

export class Quote {
  now = NOTHING;
  /** Done when what was asked for last is known. */
  ready = Promise.resolve();
  #line;
  #onChange;
  #turn = 0;

  constructor(line, onChange) {
    this.#line = line;
    this.#onChange = onChange;
  }

  /** Ask anew, soon: `sale` is {lines, coupons, customer, points}. */
  ask(sale) {
    const turn = ++this.#turn;
    this.ready = this.#ask(sale, turn);
  }

  async #ask(sale, turn) {
    await pause(WAIT_MS);
    if (turn !== this.#turn) return this.ready;
    const found = await this.#find(sale);
    if (turn !== this.#turn) return this.ready;
    this.now = found;
    this.#onChange();
  }

  async #find(sale) {
    const codes = sale.coupons.filter(({ isChosen, token }) => isChosen && !token).map(({ code }) => code);
    if (sale.lines.length === 0 || !this.#line.isUp) return NOTHING;
    try {
      const asked = { codes, channel: "pos", basket: asSent(sale.lines) };
      const { applied, refused } = codes.length ? await this.#line.send("coupons", "/v1/validations", asked) : NOTHING;
      return { applied, refused, earns: await this.#earns(sale, applied) };
    } catch {
      return NOTHING; // the line is down, or the redemption will say what is wrong
    }
  }

  async #earns({ lines, customer, points }, applied) {
    if (customer?.member_id === undefined) return null;
    const reckoned = reckon(lines, discountsOf(applied));
    const member = { scan: customer.scan };
    const body = purchaseOf({
      id: "preview",
      reckoned,
      member,
      points: Math.min(points, reckoned.total),
      at: new Date().toISOString(),
    });
    const said = await this.#line.send("points", "/v1/purchases/preview", body);
    return said.points.available + said.points.pending;
  }
}

/** What a coupon's token is worth without a line: {text, token, discount, applied}. Throws `Declined`. */
export async function takenAlone(text, lines, allowance, storeId) {
  const token = await readToken(text, allowance.told.public_keys);
  const basket = asSent(lines).lines;
  const why = await whyNot(token, { storeId, day: allowance.told.business_day, now: Date.now() }, basket);
  const discount = worth(token, basket);
  const shares = why ? [] : [...spread(discount, basket)].map(([line_id, share]) => ({ line_id, discount: share }));
  return {
    text,
    token,
    why,
    discount,
    applied: [{ code: text, coupon_id: token.spot, discount, lines: shares, explain: [] }],
  };
}
