// The page of the API: what each service says of itself, to be searched and opened route by route.

import { addresses, open } from "../lib/api.js";
import { $, el, say } from "../lib/dom.js";
import { Words } from "../lib/i18n.js";
import { drawn, routesOf } from "./route.js";
import { TEXTS } from "./words.js";

const SERVICES = ["points", "coupons", "checkin"];
const words = new Words(TEXTS);
const { t } = words;
let services = [];

function draw() {
  $("services").replaceChildren(...services.map(section));
  const lost = services.filter(({ said }) => said === null).map(({ service }) => t(service));
  $("trouble").hidden = lost.length === 0;
  say($("trouble"), lost.length === 0 ? "" : t("trouble", { service: lost.join(", ") }));
  find();
}

function section(service) {
  if (service.said === null) return "";
  const { said, base } = service;
  service.elements = service.routes.map((route) => [route, drawn(route, said.components.schemas, t)]);
  return el(
    "section",
    { "aria-labelledby": `of-${service.service}` },
    el(
      "h2",
      { id: `of-${service.service}`, lang: words.language },
      t(service.service),
      el("a", { class: "small", href: `${base}/openapi.json` }, t("document")),
    ),
    ...service.elements.map(([, element]) => element),
  );
}

function find() {
  const wanted = $("wanted").value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  let all = 0;
  for (const { elements = [] } of services) {
    for (const [{ found }, element] of elements) {
      element.hidden = !wanted.every((word) => found.includes(word));
      shown += element.hidden ? 0 : 1;
      all += 1;
    }
  }
  for (const part of document.querySelectorAll("#services section")) {
    part.hidden = part.querySelector(".route:not([hidden])") === null;
  }
  say($("count"), t("count", { shown, all }));
}

async function read(base, service) {
  try {
    const said = await open(base, "/openapi.json");
    return { service, base, said, routes: routesOf(said) };
  } catch {
    return { service, base, said: null, routes: [] };
  }
}

/** A route can be linked to. */
function openNamed() {
  const route = location.hash === "" ? null : $(decodeURIComponent(location.hash.slice(1)));
  if (!(route instanceof HTMLDetailsElement)) return;
  route.open = true;
  route.scrollIntoView();
}

words.begin(draw);
$("wanted").addEventListener("input", find);
window.addEventListener("hashchange", openNamed);
const where = await addresses().catch(() => ({}));
services = await Promise.all(SERVICES.map((service) => read(where[service] ?? "", service)));
draw();
openNamed();
