// The operator's charts: columns by month, a line over days, a week by the hour. What each shows is said in words too.

import { svg } from "../lib/dom.js";
import { day, number } from "../lib/format.js";

const [WIDTH, HEIGHT, FOOT, HEAD] = [480, 170, 24, 20];
const GROUND = HEIGHT - FOOT;
const LINE = 14; // a second line of names, under the first
const [CELL, LEFT, TOP] = [18.5, 36, 18];
const MONDAY = "2026-06-01"; // some Monday, to name the days of a week by

/**
 * Columns of points by month: {month, points} in order; at most eighteen, the last of them all that come later. Under
 * the first month, and under each January, stands the year.
 */
export function monthsOf(sums, label, { language }) {
  const most = Math.max(1, ...sums.map(({ points }) => points));
  const step = WIDTH / Math.max(sums.length, 6);
  const name = (month) => (month ? day(`${month}-01`, language, { month: "short" }) : "∞");
  const year = (month, place) =>
    month && (place === 0 || month.endsWith("-01")) ? day(`${month}-01`, language, { year: "numeric" }) : null;
  return picture(
    WIDTH,
    HEIGHT + LINE,
    label,
    svg("line", { x1: 0, x2: WIDTH, y1: GROUND, y2: GROUND, class: "base" }),
    ...sums.flatMap(({ month, points }, place) => {
      const height = Math.max(points > 0 ? 2 : 0, ((GROUND - HEAD) * points) / most);
      const middle = (place + 0.5) * step;
      const box = {
        x: place * step + step * 0.18,
        y: GROUND - height,
        width: step * 0.64,
        height,
        rx: 3,
        class: "column",
      };
      const value = points > 0 ? [text(middle, GROUND - height - 6, short(points, language), "value")] : [];
      const named = year(month, place);
      return [
        svg("rect", box),
        ...value,
        text(middle, HEIGHT - 6, name(month), "axis"),
        ...(named ? [text(Math.max(middle, 20), HEIGHT - 6 + LINE, named, "axis")] : []),
      ];
    }),
  );
}

/** Points issued (up) and spent (down) by day: {on, issued, spent}. */
export function daysOf(rows, label, { language }) {
  const most = Math.max(1, ...rows.flatMap(({ issued, spent }) => [issued, spent]));
  const [middle, half, step] = [HEIGHT / 2 - 8, HEIGHT / 2 - 30, WIDTH / rows.length];
  const names = { month: "numeric", day: "numeric" };
  return picture(
    WIDTH,
    HEIGHT,
    label,
    ...rows.flatMap(({ on, issued, spent }, place) => {
      const [x, width] = [place * step + step * 0.15, step * 0.7];
      const [up, down] = [issued, spent].map((points) => (half * points) / most);
      return [
        svg("rect", { x, y: middle - up, width, height: up, rx: 2, class: "column" }),
        svg("rect", { x, y: middle, width, height: down, rx: 2, class: "down" }),
        ...(place % 7 === 0 ? [text(Math.max(x + width / 2, 20), HEIGHT - 6, day(on, language, names), "axis")] : []),
      ];
    }),
    svg("line", { x1: 0, x2: WIDTH, y1: middle, y2: middle, class: "base" }),
  );
}

/** A line over days: {on, points} in order. */
export function lineOf(spots, label, { language }) {
  const most = Math.max(1, ...spots.map(({ points }) => points));
  const least = Math.min(...spots.map(({ points }) => points), most);
  const span = Math.max(1, most - least);
  const at = ({ points }, place) => [
    30 + ((WIDTH - 60) * place) / Math.max(1, spots.length - 1),
    GROUND - 12 - ((GROUND - HEAD - 24) * (points - least)) / span,
  ];
  const places = spots.map(at);
  const names = { month: "numeric", day: "numeric" };
  return picture(
    WIDTH,
    HEIGHT,
    label,
    svg("line", { x1: 0, x2: WIDTH, y1: GROUND, y2: GROUND, class: "base" }),
    svg("polyline", { points: places.map((place) => place.join(",")).join(" "), class: "line" }),
    ...places.flatMap(([x, y], n) => [
      svg("circle", { cx: x, cy: y, r: 4, class: "dot" }),
      text(x, y - 10, short(spots[n].points, language), "value"),
      text(x, HEIGHT - 6, day(spots[n].on, language, names), "axis"),
    ]),
  );
}

/** A week by the hour: 168 numbers from Monday, midnight. */
export function weekOf(hours, label, { language }) {
  const most = Math.max(...hours, 0);
  const rows = Array.from({ length: 7 }, (_, row) => row);
  const cells = hours.map((guests, n) => {
    const [row, hour] = [Math.floor(n / 24), n % 24];
    const place = { x: LEFT + hour * CELL, y: TOP + row * CELL, width: CELL - 2, height: CELL - 2, rx: 4 };
    const full = most > 0 ? Math.sqrt(guests / most) : 0;
    return svg("rect", {
      ...place,
      class: full > 0 ? "warm" : "cold",
      ...(full > 0 && { "fill-opacity": 0.15 + 0.85 * full }),
    });
  });
  return picture(
    LEFT + 24 * CELL,
    TOP + 7 * CELL,
    label,
    ...[0, 6, 12, 18].map((hour) => text(LEFT + (hour + 0.5) * CELL, TOP - 5, `${hour}:00`, "axis")),
    ...rows.map((row) => text(LEFT / 2, TOP + (row + 0.68) * CELL, weekday(row, language), "axis")),
    ...cells,
  );
}

/** The name of a day of the week, 0 for Monday. */
export function weekday(number_, language, how = "short") {
  const date = new Date(`${MONDAY}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + number_);
  return day(date.toISOString().slice(0, 10), language, { weekday: how });
}

function picture(width, height, label, ...children) {
  return svg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label, class: "chart" },
    ...children,
  );
}

function text(x, y, words, kind) {
  return svg("text", { x, y, class: kind, "text-anchor": "middle" }, words);
}

function short(value, language) {
  if (value < 100_000) return number(value, language);
  return new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 }).format(value);
}
