// What a scanner or a cashier has put in. A scanner types what it reads and presses Enter, as a hand does.

const SYMBOLS = /^[0-9A-HJKMNP-TV-Z]{14}$/;
const TOKEN = /^[A-Za-z0-9_-]{90,200}$/;
const TIMES = /^(\d{1,3})\s*[x×*]\s*(\d{1,7})$/i;

/**
 * What a text is: {kind: "member", code}, {kind: "coupon", code}, {kind: "token", token} of a coupon without a line,
 * {kind: "amount", quantity, unit}, {kind: "item", jan}, or {kind: "unknown"}.
 */
export function read(typed) {
  const text = typed.normalize("NFKC").trim();
  if (/^(omo:)?\d{18}$/.test(text) || /^29\d{11}$/.test(text)) return { kind: "member", code: text };
  if (/^\d{1,7}$/.test(text)) return { kind: "amount", quantity: 1, unit: Number(text) };
  const times = TIMES.exec(text);
  if (times) return { kind: "amount", quantity: Number(times[1]), unit: Number(times[2]) };
  if (/^(\d{8}|\d{13})$/.test(text)) return { kind: "item", jan: text };
  const symbols = symbolsOf(text);
  if (SYMBOLS.test(symbols)) return { kind: "coupon", code: symbols };
  return TOKEN.test(text) ? { kind: "token", token: text } : { kind: "unknown" };
}

/** A coupon's code as it is: what looks alike is one symbol, and hyphens of every kind are none. */
function symbolsOf(text) {
  const plain = text.toUpperCase().replace(/[\s\-\u2010-\u2015\u2212\u30fc\uff70]/g, "");
  return plain.replace(/O/g, "0").replace(/[IL]/g, "1");
}
