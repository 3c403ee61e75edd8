// Head office: campaigns, stores, what waits for a decision, the programme's rules, live events, and the books.

import { isPassing } from "../lib/again.js";
import { $, showOnly } from "../lib/dom.js";
import { keysAt } from "../lib/door.js";
import { Entry } from "../lib/entry.js";
import { Words } from "../lib/i18n.js";
import { Session } from "../lib/session.js";
import { Books } from "./books.js";
import { Campaigns } from "./campaigns.js";
import { Decisions } from "./decisions.js";
import { Live } from "./live.js";
import { Overview } from "./overview.js";
import { Rules } from "./rules.js";
import { Stores } from "./stores.js";
import { TEXTS } from "./words.js";

const PARTS = ["sign-in", "connecting", "operator"].map($);
const OPERATORS = ["operator", "operator_second"];
const AGAIN_MS = 4_000;
// Each view, and the scopes of which a key needs at least one to see it; none: everybody.
const VIEWS = {
  overview: [Overview, []],
  campaigns: [Campaigns, ["campaigns:admin"]],
  stores: [Stores, ["stores:admin"]],
  decisions: [Decisions, ["checkins:review", "reports:read"]],
  programme: [Rules, ["programme:admin"]],
  live: [Live, ["webhooks:admin"]],
  books: [Books, []],
};

const words = new Words(TEXTS);
const { t } = words;
const entry = new Entry({
  words,
  place: "omo.operator.key",
  guests: (door) =>
    keysAt(door, OPERATORS).map(({ place }, n) => ({ place, name: t(n === 0 ? "guest" : "guest_second") })),
  onKey: begin,
});
let session = null;
let who = null;
let view = null;
let again = null;

async function begin(key) {
  session = new Session(key, words, (refusal) => leave(refusal.code, refusal.requestId));
  show("connecting");
  await load();
}

async function load() {
  const here = session;
  clearTimeout(again);
  try {
    const found = await here.get("points", "/v1/whoami");
    if (here !== session) return;
    if (found.kind !== "operator") return leave("not_operator");
    who = found;
    show("operator");
    go();
  } catch (failure) {
    if (here !== session || failure.code === "unauthenticated") return;
    if (isPassing(failure)) again = setTimeout(load, AGAIN_MS);
    else leave("not_operator", failure.requestId);
  }
}

function show(part) {
  showOnly($(part), PARTS);
  $("leave").hidden = part === "sign-in";
  document.body.classList.toggle("inside", part === "operator");
}

function leave(why = null, requestId = null) {
  clearTimeout(again);
  view?.close();
  session?.close();
  session = who = view = null;
  $("view").replaceChildren();
  show("sign-in");
  entry.show(why, requestId);
}

// ---- from view to view: the address says which, and nothing secret ----

function may(name) {
  const scopes = VIEWS[name][1];
  return scopes.length === 0 || scopes.some((scope) => who.scopes.includes(scope));
}

function go() {
  if (who === null) return;
  const [wanted, ...rest] = location.hash.slice(1).split("/").map(decoded);
  const name = Object.hasOwn(VIEWS, wanted) && may(wanted) ? wanted : "overview";
  view?.close();
  for (const link of document.querySelectorAll("#views a")) {
    const target = link.hash.slice(1);
    link.parentElement.hidden = !may(target);
    if (target === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.querySelector("#views [aria-current]").scrollIntoView({ block: "nearest", inline: "nearest" });
  $("view").replaceChildren();
  const [Kind] = VIEWS[name];
  view = new Kind({ session, words, root: $("view"), who });
  document.title = `${t(name)} – ${t("title")}`;
  view.open(...rest);
  scrollTo(0, 0);
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

addEventListener("hashchange", () => {
  go();
  if (who !== null) $("view").focus({ preventScroll: true });
});
$("leave").addEventListener("click", () => leave());

words.begin(() => {
  document.title = t("title");
  entry.draw();
  view?.draw();
});
entry.begin();
