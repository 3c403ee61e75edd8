// A text as a QR code, drawn as one path. It is dark on light in the dark too: many scanners read nothing else.

import { qrcode } from "../vendor/qrcode.mjs";
import { svg } from "./dom.js";

const QUIET = 4; // modules of light around it, as the standard asks

/** An SVG image of a text, which a screen reader calls `label`. */
export function qrOf(text, label) {
  const made = qrcode(0, "M");
  made.addData(text);
  made.make();
  const count = made.getModuleCount();
  const side = count + 2 * QUIET;
  const picture = { viewBox: `0 0 ${side} ${side}`, role: "img", "aria-label": label, "shape-rendering": "crispEdges" };
  return svg(
    "svg",
    picture,
    svg("rect", { width: side, height: side, fill: "#fff" }),
    svg("path", { d: pathOf(made, count), fill: "#000" }),
  );
}

function pathOf(made, count) {
  let path = "";
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < count; column++) {
      if (made.isDark(row, column)) path += `M${column + QUIET} ${row + QUIET}h1v1h-1z`;
    }
  }
  return path;
}
