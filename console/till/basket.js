// What is on the counter, and what it costs. Whole yen; tax is reckoned once for each rate, as an invoice asks for.

const RATES = [1_000, 800]; // basis points

export class Basket {
  lines = [];
  #count = 0;

  /** Put something in: one line more, or one more of the same item. */
  add({ name, sku = null, category = null, unit, rate = RATES[0], quantity = 1 }) {
    const same = sku && this.lines.find((line) => line.sku === sku);
    if (same) same.quantity += quantity;
    else this.lines.push({ id: String(++this.#count), name, sku, category, unit, rate, quantity });
  }

  /** So many more or fewer of a line; none left is no line. */
  change(id, by) {
    const line = this.lines.find((one) => one.id === id);
    line.quantity += by;
    if (line.quantity <= 0) this.lines = this.lines.filter((one) => one !== line);
  }

  /** The other rate of tax, for what is eaten here or taken along. */
  turnRate(id) {
    const line = this.lines.find((one) => one.id === id);
    line.rate = RATES[(RATES.indexOf(line.rate) + 1) % RATES.length];
  }
}

/** What coupons are judged by: amounts without tax, before any coupon. */
export function asSent(lines) {
  return {
    lines: lines.map(({ id, sku, category, quantity, unit }) => ({
      line_id: id,
      ...(sku && { sku }),
      ...(category && { category }),
      quantity,
      amount: quantity * unit,
    })),
  };
}

/** {lines, net, discount, taxes, total} of lines after these discounts, by line. */
export function reckon(lines, discounts = new Map()) {
  const reckoned = lines.map((line) => {
    const discount = discounts.get(line.id) ?? 0;
    return { ...line, discount, amount: line.quantity * line.unit - discount };
  });
  const taxes = RATES.map((rate) => {
    const base = sum(
      reckoned.filter((line) => line.rate === rate),
      ({ amount }) => amount,
    );
    return { rate, base, amount: Math.floor((base * rate) / 10_000) };
  }).filter(({ rate }) => reckoned.some((line) => line.rate === rate));
  const net = sum(reckoned, ({ amount }) => amount);
  const total = net + sum(taxes, ({ amount }) => amount);
  return { lines: reckoned, net, discount: sum(reckoned, (line) => line.discount), taxes, total };
}

/** What each line gets off, of a redemption's or validation's `applied`. */
export function discountsOf(applied) {
  const found = new Map();
  for (const { lines } of applied) {
    for (const { line_id: id, discount } of lines) found.set(id, (found.get(id) ?? 0) + discount);
  }
  return found;
}

/** A sum spread over lines by their amounts, the remainder to the first of the largest: as points does it. */
export function spread(total, lines) {
  const whole = sum(lines, ({ amount }) => amount);
  const shares = new Map(lines.map((line) => [line.line_id, Math.floor((total * line.amount) / whole)]));
  const largest = lines.reduce((most, line) => (line.amount > most.amount ? line : most));
  const rest = total - sum([...shares.values()], (share) => share);
  return shares.set(largest.line_id, shares.get(largest.line_id) + rest);
}

/** The body of a purchase. */
export function purchaseOf({ id, reckoned, member, points = 0, redemptions = [], at }) {
  return {
    purchase_id: id,
    source: "pos",
    ...(member && { member }),
    occurred_at: at,
    state: "completed",
    lines: reckoned.lines.map(({ id: line_id, sku, category, quantity, amount, rate }) => ({
      line_id,
      ...(sku && { sku }),
      ...(category && { category }),
      quantity,
      amount,
      tax_rate_bp: rate,
    })),
    taxes: reckoned.taxes.map(({ rate, amount }) => ({ rate_bp: rate, amount })),
    ...(points > 0 && { points_used: points }),
    ...(redemptions.length > 0 && { redemption_ids: redemptions }),
    order_ref: id,
  };
}

function sum(list, value) {
  return list.reduce((total, one) => total + value(one), 0);
}
