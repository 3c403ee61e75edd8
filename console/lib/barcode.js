// The two barcodes that tills scan: EAN-13 (GS1 General Specifications, 5.2) for the static code, and CODE128 (ISO/IEC
// 15417) in its code set C, two digits to the symbol, for the rotating one. Each is drawn as one path, dark on light.

import { svg } from "./dom.js";

const QUIET = 11; // modules of light at both sides, as EAN-13 asks of its left one
const HEIGHT = 34;

// Widths of bars and spaces by value, six to a symbol; the last is the stop with its closing bar.
const SYMBOLS = (
  "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 " +
  "123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 " +
  "232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 " +
  "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 " +
  "111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 " +
  "111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 " +
  "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112"
).split(" ");
const [START_C, STOP, CHECKED_BY] = [105, 106, 103];

const ODD = "0001101 0011001 0010011 0111101 0100011 0110001 0101111 0111011 0110111 0001011".split(" ");
const PARITY = "000000 001011 001101 001110 010011 011001 011100 010101 010110 011010".split(" ");

/** The modules of an even number of digits as CODE128, 1 for dark. */
export function code128(digits) {
  if (!/^(\d\d)+$/.test(digits)) throw new Error("code set C takes an even number of digits");
  const values = digits.match(/../g).map(Number);
  const check = values.reduce((sum, value, place) => sum + value * (place + 1), START_C) % CHECKED_BY;
  return [START_C, ...values, check, STOP].map((value) => modulesOf(SYMBOLS[value])).join("");
}

/** The modules of thirteen digits as EAN-13; the last one is the check digit, which the service has reckoned. */
export function ean13(digits) {
  if (!/^\d{13}$/.test(digits)) throw new Error("EAN-13 has thirteen digits");
  const [first, ...rest] = digits;
  const left = rest.slice(0, 6).map((digit, place) => (PARITY[first][place] === "1" ? even(digit) : ODD[digit]));
  const right = rest.slice(6).map((digit) => inverted(ODD[digit]));
  return `101${left.join("")}01010${right.join("")}101`;
}

/** Modules as an SVG image, which a screen reader calls `label`. */
export function barsOf(modules, label) {
  const width = modules.length + 2 * QUIET;
  const path = [...modules]
    .map((module, place) => (module === "1" ? `M${place + QUIET} 0h1v${HEIGHT}h-1z` : ""))
    .join("");
  const picture = {
    viewBox: `0 0 ${width} ${HEIGHT}`,
    role: "img",
    "aria-label": label,
    "shape-rendering": "crispEdges",
    preserveAspectRatio: "none",
  };
  return svg(
    "svg",
    picture,
    svg("rect", { width, height: HEIGHT, fill: "#fff" }),
    svg("path", { d: path, fill: "#000" }),
  );
}

function modulesOf(widths) {
  return [...widths].map((width, place) => (place % 2 ? "0" : "1").repeat(Number(width))).join("");
}

const inverted = (modules) => modules.replace(/./g, (module) => (module === "1" ? "0" : "1"));
const even = (digit) => [...inverted(ODD[digit])].reverse().join("");
