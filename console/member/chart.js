// What expires in which month, as a chart; what it shows is said in words too.

import { svg } from "../lib/dom.js";
import { day, number } from "../lib/format.js";

const [WIDTH, HEIGHT, FOOT, HEAD] = [340, 146, 34, 16];
const LINE = 14; // the year stands under the month, where it begins to count
const NAMED = 3; // each third month has room for its name
const MONTHS = 13; // this one, and a year: as long as points last by default

/** An SVG chart of a balance's expiring points, by month and kind. */
export function chartOf({ as_of: asOf, expiring }, { t, language }) {
  const months = monthsFrom(asOf.slice(0, 7));
  const sums = months.map((month) => {
    const lots = expiring.filter((lot) => lot.on.startsWith(month));
    return { month, regular: sumOf(lots, "regular"), limited: sumOf(lots, "limited") };
  });
  const most = Math.max(...sums.map(({ regular, limited }) => regular + limited), 1);
  const told = sums.filter(({ regular, limited }) => regular + limited > 0);
  const name = ({ month }) => day(`${month}-01`, language, { year: "numeric", month: "long" });
  const words = told.map((sum) =>
    t("chart_month", { month: name(sum), points: number(sum.regular + sum.limited, language) }),
  );
  return svg(
    "svg",
    {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: "img",
      "aria-label": t("chart", { months: words.join(", ") }),
      class: "chart",
    },
    svg("line", { x1: 0, x2: WIDTH, y1: HEIGHT - FOOT, y2: HEIGHT - FOOT, class: "base" }),
    ...sums.flatMap((sum, place) => column(sum, place, most, language)),
  );
}

function column({ month, regular, limited }, place, most, language) {
  const step = WIDTH / MONTHS;
  const [x, width, ground] = [place * step + step * 0.18, step * 0.64, HEIGHT - FOOT];
  const scale = (ground - HEAD) / most;
  const low = regular * scale;
  const high = limited * scale;
  const isNamed = place % NAMED === 0;
  const isNewYear = isNamed && (place === 0 || Number(month.slice(5)) <= NAMED);
  const label = day(`${month}-01`, language, { month: "short" });
  const total = regular + limited;
  return [
    svg("rect", {
      x,
      width,
      y: ground - Math.max(1, low),
      height: Math.max(1, low),
      rx: 2,
      class: regular ? "regular" : "none",
    }),
    high > 0 ? svg("rect", { x, width, y: ground - low - high, height: high, rx: 2, class: "limited" }) : null,
    total > 0 && total === most ? text(x + width / 2, ground - low - high - 4, number(total, language), "value") : null,
    isNamed ? text(x + width / 2, HEIGHT - 5 - LINE, label, "month") : null,
    isNewYear ? text(x + width / 2, HEIGHT - 5, day(`${month}-01`, language, { year: "numeric" }), "month") : null,
  ].filter(Boolean);
}

function text(x, y, words, kind) {
  return svg("text", { x: Math.min(Math.max(x, 16), WIDTH - 16), y, class: kind, "text-anchor": "middle" }, words);
}

function monthsFrom(first) {
  const [year, month] = first.split("-").map(Number);
  return Array.from({ length: MONTHS }, (_, place) =>
    new Date(Date.UTC(year, month - 1 + place, 1)).toISOString().slice(0, 7),
  );
}

function sumOf(lots, kind) {
  return lots.filter((lot) => lot.kind === kind).reduce((sum, lot) => sum + lot.points, 0);
}
