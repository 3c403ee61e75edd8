// A member's page: who is there, and which of its views is seen.

import { isPassing, pause } from "../lib/again.js";
import { $, say, showOnly } from "../lib/dom.js";
import { Entry } from "../lib/entry.js";
import { Words } from "../lib/i18n.js";
import { Session } from "../lib/session.js";
import { Card } from "./card.js";
import { Coupons } from "./coupons.js";
import { Points } from "./points.js";
import { Stores } from "./stores.js";
import { TEXTS } from "./words.js";

const VIEWS = ["card", "points", "coupons", "stores"];
const PARTS = ["sign-in", "join", "connecting", "member"].map($);
const AGAIN_MS = 4_000;
const POLL_MS = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000];

const words = new Words(TEXTS);
const { t } = words;
const entry = new Entry({
  words,
  place: "omo.member.token",
  isToken: true,
  guests: (door) => door.members.map((id) => ({ place: `members/${id}`, name: t("guest", { name: id }) })),
  onKey: begin,
});
let session = null;
let views = null;
let again = null;
let followed = 0;

async function begin(token) {
  session = new Session(token, words, (refusal) => leave(refusal.code, refusal.requestId));
  show("connecting");
  await load();
}

async function load() {
  const here = session;
  clearTimeout(again);
  try {
    const me = await here.get("points", "/v1/me");
    const balance = await here.get("points", "/v1/me/balance");
    if (here === session) enter(me, balance, (await here.where()).door);
  } catch (failure) {
    if (here !== session || failure.code === "unauthenticated") return;
    if (failure.code === "not_a_member") show("join");
    else if (isPassing(failure)) {
      tellTrouble(failure);
      again = setTimeout(load, AGAIN_MS);
    } else leave("forbidden", failure.requestId);
  }
}

function enter(me, balance, door) {
  const isFirst = views === null;
  if (isFirst) {
    const coupons = new Coupons(session, words);
    views = {
      card: new Card(session, words),
      points: new Points(session, words),
      coupons,
      stores: new Stores(session, words, door?.place ?? null, () => follow(coupons)),
    };
  }
  $("trouble").hidden = true;
  show("member");
  views.card.take(me, balance);
  views.points.take(balance);
  if (isFirst) turn();
}

/** What a check-in brings travels by event: look for it a few times. */
async function follow(coupons) {
  const mine = ++followed;
  for (const wait of POLL_MS) {
    await pause(wait);
    if (views === null || mine !== followed) return;
    await load();
    await coupons.load();
  }
}

function turn() {
  if (views === null) return;
  const wanted = location.hash.slice(1);
  const name = VIEWS.includes(wanted) ? wanted : "card";
  showOnly($(name), VIEWS.map($));
  for (const link of $("tabs").querySelectorAll("a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = name === "card" ? t("title") : `${t(`tab_${name}`)} - ${t("title")}`;
  views[name].load();
}

/** What is seen may have changed meanwhile: the view, and the balance above it. */
function refresh() {
  turn();
  if (views !== null) load();
}

function show(part) {
  showOnly($(part), PARTS);
  $("tabs").hidden = part !== "member";
  $("leave").hidden = part === "sign-in";
}

function tellTrouble(failure) {
  $("trouble").hidden = false;
  say($("trouble-words"), t(failure.status === undefined ? "network" : "server"));
}

function leave(why = null, requestId = null) {
  session?.close();
  views?.card.stop();
  session = views = null;
  clearTimeout(again);
  show("sign-in");
  entry.show(why, requestId);
}

$("join").addEventListener("submit", async (event) => {
  event.preventDefault();
  const consents = $("join-location").checked ? { location: { granted: true, version: "console-1" } } : {};
  const name = $("name").value.trim();
  show("connecting");
  try {
    await session.send("points", "/v1/me", { ...(name && { display_name: name }), consents });
  } catch {
    // What went wrong shows when it is loaded, and the form is there again.
  }
  await load();
});
$("leave").addEventListener("click", () => leave());
$("tabs").addEventListener("click", (event) => {
  scrollTo(0, 0);
  if (event.target.closest("[aria-current]")) refresh(); // whoever presses the view that they see wants it anew
});
addEventListener("hashchange", refresh);
addEventListener("online", () => session && load());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") refresh();
});

words.begin(() => {
  document.title = t("title");
  entry.draw();
  if (views === null) return;
  for (const view of Object.values(views)) view.draw();
  turn();
});
entry.begin();
