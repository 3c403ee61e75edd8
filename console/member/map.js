// A drawn map: where somebody is, what is around, how far. No tiles, no other server: paper, rings, and stores.

import { svg } from "../lib/dom.js";
import { distance } from "../lib/format.js";

const SIDE = 340;
const HALF = SIDE / 2;
const EDGE = 34; // kept free for names
const METRES_A_DEGREE = 111_320;
const RINGS_M = [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000];

/** How many metres a place lies north and east of another; good to a few per mille on a map of a town. */
export function metresFrom(here, there) {
  const shrunk = Math.cos((here.lat * Math.PI) / 180);
  return {
    north: (there.lat - here.lat) * METRES_A_DEGREE,
    east: (((there.lon - here.lon + 540) % 360) - 180) * METRES_A_DEGREE * shrunk,
  };
}

/** The place so many metres north and east of another. */
export function placeAt(here, { north, east }) {
  const shrunk = Math.cos((here.lat * Math.PI) / 180);
  return { lat: here.lat + north / METRES_A_DEGREE, lon: here.lon + east / (METRES_A_DEGREE * shrunk) };
}

/** An SVG map around `here`; `onPlace(place)`, where there is one, hears where somebody touches it. */
export function mapOf(here, stores, fences, { t, language }, onPlace = null) {
  const spots = stores.map((store) => ({ ...store, ...metresFrom(here, store) }));
  const reach = Math.max(300, ...spots.map(({ north, east }) => Math.hypot(north, east)));
  const scale = (HALF - EDGE) / reach;
  const at = ({ north, east }) => ({ x: HALF + east * scale, y: HALF - north * scale });
  const rings = RINGS_M.filter((metres) => metres * scale > 26 && metres * scale < HALF).slice(-3);
  const said = spots
    .map(({ name, distance_m: far }) => t("map_store", { name, distance: distance(far, language) }))
    .join(", ");
  const map = svg(
    "svg",
    {
      viewBox: `0 0 ${SIDE} ${SIDE}`,
      role: "img",
      "aria-label": t("map", { stores: said }),
      class: onPlace ? "map live" : "map",
    },
    svg("rect", { width: SIDE, height: SIDE, rx: 14, class: "ground" }),
    ...grid(here, scale),
    ...rings.flatMap((metres) => ring(metres, metres * scale, language)),
    ...fences.map((fence) => circle(at(metresFrom(here, fence)), Math.max(fence.radius_m * scale, 3), "fence")),
    circle({ x: HALF, y: HALF }, 14, "around"),
    circle({ x: HALF, y: HALF }, 6, "you"),
    ...spots.flatMap((spot) => pin(at(spot), spot)),
    label(HALF, HALF + 26, t("you"), "you-name"),
    north(),
  );
  if (onPlace) {
    map.addEventListener("click", (event) => {
      const box = map.getBoundingClientRect();
      const [x, y] = [event.clientX - box.left, event.clientY - box.top].map((pixels) => (pixels * SIDE) / box.width);
      onPlace(placeAt(here, { east: (x - HALF) / scale, north: (HALF - y) / scale }));
    });
  }
  return map;
}

/** Lines that lie still on the ground, so that one sees oneself move. */
function grid(here, scale) {
  const step = RINGS_M.find((metres) => metres * scale > 40) ?? RINGS_M.at(-1);
  const shift = metresFrom({ lat: Math.round(here.lat), lon: Math.round(here.lon) }, here);
  const lines = [];
  for (let metres = -step * 8; metres <= step * 8; metres += step) {
    const x = HALF + (metres - (shift.east % step)) * scale;
    const y = HALF - (metres - (shift.north % step)) * scale;
    if (x > 2 && x < SIDE - 2) lines.push(svg("line", { x1: x, x2: x, y1: 2, y2: SIDE - 2, class: "street" }));
    if (y > 2 && y < SIDE - 2) lines.push(svg("line", { x1: 2, x2: SIDE - 2, y1: y, y2: y, class: "street" }));
  }
  return lines;
}

function ring(metres, radius, language) {
  const [x, y] = [HALF - radius * 0.8, HALF + radius * 0.6]; // south-west, where "You" and names seldom are
  return [
    circle({ x: HALF, y: HALF }, radius, "ring"),
    label(Math.max(x, 20), y + 4, distance(metres, language), "far"),
  ];
}

function pin({ x, y }, { name, open_now: isOpen }) {
  const shape = `M${x} ${y}c-8-11-11-15-11-20a11 11 0 0 1 22 0c0 5-3 9-11 20z`;
  const shown = name.length > 14 ? `${name.slice(0, 13)}…` : name;
  const middle = Math.min(Math.max(x, 44), SIDE - 44);
  return [
    svg("path", { d: shape, class: isOpen ? "pin" : "pin shut" }),
    circle({ x, y: y - 20 }, 4, "hole"),
    label(middle, Math.max(y - 36, 12), shown, "store-name"),
  ];
}

function north() {
  return svg(
    "g",
    { class: "north" },
    svg("path", { d: `M${SIDE - 22} 14l6 16-6-4-6 4z` }),
    label(SIDE - 22, 44, "N", "far"),
  );
}

const circle = ({ x, y }, r, kind) => svg("circle", { cx: x, cy: y, r, class: kind });
const label = (x, y, words, kind) => svg("text", { x, y, class: kind, "text-anchor": "middle" }, words);
