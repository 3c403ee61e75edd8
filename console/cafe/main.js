// A partner, a café say: points for a guest out of its budget, what is left, what was given.

import { insist, isPassing } from "../lib/again.js";
import { $, el, say, showOnly } from "../lib/dom.js";
import { keysAt } from "../lib/door.js";
import { Entry } from "../lib/entry.js";
import { day, number } from "../lib/format.js";
import { Words } from "../lib/i18n.js";
import { Session } from "../lib/session.js";
import { Giving } from "./giving.js";
import { Statement } from "./statement.js";
import { TEXTS } from "./words.js";

const PARTS = ["sign-in", "connecting", "cafe"].map($);
const PARTNERS = ["partner", "partner_other"];
const USUAL = [10, 30, 50, 100];
const AGAIN_MS = 4_000;
const KNOWN = ["member_not_found", "code_used", "code_expired", "budget_exceeded", "partner_paused", "forbidden"];

const words = new Words(TEXTS);
const { t } = words;
const entry = new Entry({
  words,
  place: "omo.cafe.key",
  guests: (door) => keysAt(door, PARTNERS).map(({ place, owner }) => ({ place, name: t("guest", { name: owner }) })),
  onKey: begin,
});
let session = null;
let giving = null;
let statement = null;
let budget = null;
let told = null;
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
    const who = await here.get("points", "/v1/whoami");
    const found = await here.get("points", "/v1/partner/budget");
    if (here !== session) return;
    giving = new Giving(here, who.partner_id);
    statement = new Statement(here, words, takeBack);
    show("cafe");
    takeBudget(found);
    await statement.load();
    if (giving.open) stuck();
  } catch (failure) {
    if (here !== session || failure.code === "unauthenticated") return;
    if (isPassing(failure)) again = setTimeout(load, AGAIN_MS);
    else leave("forbidden", failure.requestId);
  }
}

function show(part) {
  showOnly($(part), PARTS);
  $("leave").hidden = part === "sign-in";
  if (part === "cafe") $("code").focus();
}

function leave(why = null, requestId = null) {
  clearTimeout(again);
  session?.close();
  session = giving = statement = budget = told = null;
  $("outcome").hidden = $("stuck").hidden = true;
  show("sign-in");
  entry.show(why, requestId);
}

// ---- giving ----

async function give() {
  const code = $("code").value.replace(/\s/g, "");
  const points = Number($("points").value.normalize("NFKC"));
  if (code === "") return refuse("no_code", $("code"));
  if (!Number.isInteger(points) || points < 1) return refuse("no_points", $("points"));
  giving.begin({ member: { code }, points, reason: $("reason").value.trim() || t("reason_usual") });
  await goOn();
}

function refuse(name, field) {
  tell({ name, isGood: false });
  field.focus();
}

async function goOn() {
  $("stuck").hidden = true;
  $("send").disabled = true;
  tell({ name: "sending", isGood: true });
  try {
    const {
      points,
      member_ref: ref,
      budget_left: left,
    } = await giving.send((tries) => tell({ name: "waiting", values: { tries }, isGood: true }));
    tell({ name: "gave", points, ref, left, isGood: true });
    $("code").value = "";
    await refresh();
  } catch (failure) {
    if (isPassing(failure)) stuck();
    else tell(whyNot(failure));
  } finally {
    $("send").disabled = false;
    if ($("stuck").hidden) $("code").focus();
  }
}

function stuck() {
  told = null;
  drawTold();
  $("stuck").hidden = false;
  $("again").focus();
}

async function giveUp() {
  try {
    await giving.giveUp();
    $("stuck").hidden = true;
    tell({ name: "given_up", isGood: true });
    await refresh();
  } catch {
    tell({ name: "not_given_up", isGood: false });
  }
}

function whyNot({ code, said }) {
  if (code === "cap_exceeded" && TEXTS.en[`cap_${said.cap}`])
    return { name: `cap_${said.cap}`, limit: said.limit, isGood: false };
  return KNOWN.includes(code) ? { name: code, isGood: false } : { detail: said.detail ?? code, isGood: false };
}

async function takeBack(line) {
  try {
    await giving.takeBack(line.award_id);
  } catch (failure) {
    tell(isPassing(failure) ? { name: "network", isGood: false } : whyNot(failure));
  }
  await refresh();
}

async function refresh() {
  const here = session;
  const found = await insist(() => here.get("points", "/v1/partner/budget")).catch(() => null);
  if (here !== session) return;
  if (found) takeBudget(found);
  await statement.load();
}

// ---- what is seen ----

function tell(what) {
  told = what;
  drawTold();
}

function drawTold() {
  const { language } = words;
  $("outcome").hidden = told === null;
  if (told === null) return;
  $("outcome").className = told.isGood ? "good" : "bad";
  const { points, limit, values } = told;
  const figures = { points: points && number(points, language), limit: limit && number(limit, language), ...values };
  say($("outcome-words"), told.detail ?? t(told.name, figures));
  say(
    $("outcome-more"),
    told.ref ? t("gave_more", { ref: told.ref.slice(0, 8), left: number(told.left, language) }) : "",
  );
}

function takeBudget(found) {
  budget = found;
  drawBudget();
}

function drawBudget() {
  const { language } = words;
  const { kind, period, budget: whole, used, left } = budget;
  say($("left"), number(left, language));
  $("used").value = whole > 0 ? (100 * used) / whole : 100;
  const when = period ? day(`${period}-01`, language, { year: "numeric", month: "long" }) : "";
  say(
    $("used-words"),
    t(`used_${kind}`, { period: when, used: number(used, language), budget: number(whole, language) }),
  );
}

$("give").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!$("send").disabled && $("stuck").hidden) give();
});
$("again").addEventListener("click", goOn);
$("give-up").addEventListener("click", giveUp);
$("leave").addEventListener("click", () => leave());

words.begin(() => {
  document.title = t("title");
  entry.draw();
  $("usual").replaceChildren(
    ...USUAL.map((points) =>
      el(
        "button",
        {
          type: "button",
          click: () => {
            $("points").value = String(points);
          },
        },
        number(points, words.language),
      ),
    ),
  );
  $("reason").placeholder = t("reason_usual");
  if (budget === null) return;
  drawBudget();
  drawTold();
  statement.draw();
});
entry.begin();
