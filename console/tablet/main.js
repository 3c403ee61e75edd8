// The store's tablet: a key, then the code that guests scan or type.

import { addresses, get, Refusal } from "../lib/api.js";
import { $, say, showOnly } from "../lib/dom.js";
import { keysAt, openDoor } from "../lib/door.js";
import { Words } from "../lib/i18n.js";
import { Keeping } from "../lib/keeping.js";
import { qrOf } from "../lib/qr.js";
import { PERIOD_MS, Watch } from "../lib/watch.js";
import { stayAwake } from "./awake.js";
import { TEXTS } from "./words.js";

const FINAL = ["unauthenticated", "forbidden", "not_a_terminal", "wrong_store", "store_not_found"];
const KEY = /^omo_[a-z0-9]{1,16}_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/;
const PARTS = ["sign-in", "connecting", "code", "over"].map($);
const PART_OF = { idle: "sign-in", refused: "sign-in", shown: "code", turning: "code" };
const DRAW_MS = 200;
const SOON_MS = 5_000;

const words = new Words(TEXTS);
const { t } = words;
const watch = new Watch(ask, { final: FINAL });
const keeping = new Keeping("omo.tablet.key");
let base = null;
let who = null;
let drawn = {};
let isMalformed = false;
let isNoticeHidden = false;

/** The store's code of this half minute. Where the service is, and whose key it is, is asked once while all goes well. */
async function ask(key) {
  try {
    base ??= (await addresses()).checkin;
    who ??= await get(base, "/v1/whoami", key, words.language);
    if (who.store_id === undefined) throw new Refusal(403, "not_a_terminal");
    return await get(base, `/v1/stores/${encodeURIComponent(who.store_id)}/presence-code`, key, words.language);
  } catch (failure) {
    base = null; // a service that has moved is found again
    throw failure;
  }
}

function begin(key) {
  who = null;
  isNoticeHidden = false;
  watch.start(key);
  draw();
}

function draw() {
  const sight = watch.look();
  if (sight.is === "refused") keeping.forget();
  const part = PART_OF[sight.is] ?? sight.is;
  const isTurned = drawn.part !== undefined && drawn.part !== part;
  showOnly($(part), PARTS);
  if (sight.is === "shown") drawCode(sight);
  else clear();
  if (sight.is === "turning") say($("turns"), t("turning"));
  if (sight.is === "over") drawOver(sight);
  if (part === "sign-in") drawSignIn(sight);
  if (isTurned && part === "sign-in") $("key").focus();
  drawn.part = part;
  $("other-key").hidden = part === "sign-in";
  $("broad").hidden = part !== "code" || isNoticeHidden || !(who?.scopes.length > 1);
  document.title = sight.is === "shown" ? `${t("title")} - ${sight.said.store_name}` : t("title");
}

function drawCode({ said, leftMs }) {
  const { code } = said;
  const seconds = Math.ceil(leftMs / 1_000);
  say($("store"), said.store_name);
  say($("turns"), t("turns"));
  say($("seconds"), String(seconds));
  $("ring").setAttribute("stroke-dashoffset", String(1 - Math.min(1, leftMs / PERIOD_MS)));
  $("left").classList.toggle("soon", leftMs <= SOON_MS);
  $("left").setAttribute("aria-valuenow", String(seconds));
  $("left").setAttribute("aria-valuetext", t("seconds_left", { seconds }));
  if (drawn.code === code && drawn.language === words.language) return;
  Object.assign(drawn, { code, language: words.language });
  $("first").textContent = code.slice(0, 4);
  $("second").textContent = code.slice(4);
  $("spoken").textContent = [...code].join(" ");
  $("qr").replaceChildren(qrOf(said.qr_payload, t("qr")));
}

/** Take a code that is over out of the page, so that nobody scans it. */
function clear() {
  if (!drawn.code) return;
  delete drawn.code;
  $("qr").replaceChildren();
  for (const id of ["first", "second", "spoken", "seconds"]) $(id).textContent = "";
  $("ring").setAttribute("stroke-dashoffset", "1");
}

function drawOver({ why, wasShown, nextMs }) {
  say($("over-title"), t(wasShown ? "over" : "not_yet"));
  say($("why"), t(why));
  const seconds = Math.ceil(nextMs / 1_000);
  say($("next"), seconds > 0 ? t("next", { seconds }) : t("trying"));
}

function drawSignIn(sight) {
  const why = isMalformed ? "malformed" : sight.why;
  $("told").hidden = !why;
  say($("refused"), why ? t(why) : "");
  say($("request"), why && sight.requestId ? t("request", { id: sight.requestId }) : "");
  $("key").setAttribute("aria-invalid", String(Boolean(why)));
}

$("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  const key = $("key").value.replace(/\s/g, ""); // a key that was sent by mail comes with a line break in it
  isMalformed = !KEY.test(key);
  if (isMalformed) {
    watch.stop();
    draw();
    $("key").focus();
    return;
  }
  $("key").value = "";
  keeping.keep(key, { isForGood: $("keep").checked });
  begin(key);
});
$("other-key").addEventListener("click", () => {
  keeping.forget();
  watch.stop();
  draw();
});
$("try").addEventListener("click", () => watch.again());
$("hide").addEventListener("click", () => {
  isNoticeHidden = true;
  draw();
});
addEventListener("online", () => watch.again());
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible") return;
  draw(); // the first thing that is seen after a sleep is no old code
  watch.again();
});

function drawDoor() {
  const guests = (door) => keysAt(door, ["pos", "pos_other_store"]);
  const named = (door) => guests(door).map(({ place, owner }) => ({ place, name: t("guest", { name: owner }) }));
  openDoor(named, (secret) => {
    if (secret === null) return;
    keeping.keep(secret, { isForGood: false });
    begin(secret);
  });
}

words.begin(() => {
  draw();
  drawDoor();
});
const key = keeping.kept();
if (key !== null) begin(key);
setInterval(draw, DRAW_MS);
stayAwake();
