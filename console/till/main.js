// A till: its key, what is sold, what became of it, and the line that may go.

import { isPassing } from "../lib/again.js";
import { $, el, say, showOnly } from "../lib/dom.js";
import { keysAt } from "../lib/door.js";
import { Entry } from "../lib/entry.js";
import { money } from "../lib/format.js";
import { Words } from "../lib/i18n.js";
import { Session } from "../lib/session.js";
import { prepare } from "./allowance.js";
import { Checkout } from "./checkout.js";
import { Counter } from "./counter.js";
import { ITEMS } from "./items.js";
import { Journal } from "./journal.js";
import { Line } from "./line.js";
import { Declined } from "./offline.js";
import { drawReceipt } from "./receipt.js";
import { drawFoot, drawSales, stateOf } from "./sold.js";
import { TEXTS } from "./words.js";

const PARTS = ["sign-in", "connecting", "till", "receipt"].map($);
const AGAIN_MS = 4_000;
const ALLOWANCE_MS = 900_000; // a till that is not closed in the evening has the next day's within a quarter of an hour
const TILLS = ["pos", "pos_other_store"];
const REFUSED = ["code_not_usable", "insufficient_points", "presence_required", "forbidden", "exceeds_total"];

const words = new Words(TEXTS);
const { t } = words;
const entry = new Entry({
  words,
  place: "omo.till.key",
  guests: (door) => keysAt(door, TILLS).map(({ place, owner }) => ({ place, name: t("guest", { name: owner }) })),
  onKey: begin,
});
let till = null;
let again = null;
let daily = null;

async function begin(key) {
  const session = new Session(key, words, (refusal) => leave(refusal.code, refusal.requestId));
  show("connecting");
  try {
    const who = await session.get("points", "/v1/whoami");
    if (who.store_id === undefined) leave("not_a_terminal");
    else open(session, who);
  } catch (failure) {
    if (isPassing(failure)) again = setTimeout(() => begin(key), AGAIN_MS);
    else if (failure.code !== "unauthenticated") leave("forbidden", failure.requestId);
  }
}

function open(session, who) {
  const journal = new Journal(who);
  try {
    journal.write("who", who);
  } catch {
    leave("no_storage");
    return;
  }
  const line = new Line(session, journal, () => till && lineChanged());
  const told = { waiting: tellWaiting, stuck, refused, done };
  // A key that is revoked ends the till, whatever is on its way; the journal has it.
  for (const [name, hear] of Object.entries(told))
    told[name] = (...what) => till?.checkout === checkout && hear(...what);
  const checkout = new Checkout(line, journal, told);
  till = {
    session,
    who,
    line,
    checkout,
    counter: new Counter(line, journal, who, words),
    seenUp: true,
    receipt: null,
    isPaying: false,
  };
  prepare(line, journal, who);
  daily = setInterval(() => prepare(line, journal, who), ALLOWANCE_MS);
  line.look();
  till.counter.clear();
  show("till");
  drawFoot(line, words);
  if (checkout.open) resume();
}

function show(part) {
  showOnly($(part), PARTS);
  $("foot").hidden = till === null;
  say($("where"), till ? t("where", { store: till.who.store_id, terminal: till.who.terminal_id }) : "");
  if (part === "till") $("scan").focus();
  if (part === "receipt") $("next").focus();
}

function leave(why = null, requestId = null) {
  clearTimeout(again);
  clearInterval(daily);
  till?.line.stop();
  till?.session.close();
  till = null;
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  show("sign-in");
  entry.show(why, requestId);
}

// ---- paying ----

async function pay() {
  if (till.isPaying) return;
  const { counter, line, checkout } = till;
  till.isPaying = true;
  try {
    await counter.ready;
    const why = counter.why;
    if (why) return counter.tell({ words: why });
    const { taken, ...sale } = counter.sale;
    if (!line.isUp) return payAlone(sale, taken);
    await sending(() => checkout.begin(sale));
  } finally {
    if (till) till.isPaying = false;
  }
}

function payAlone({ lines, customer }, taken) {
  try {
    till.checkout.sellAlone({ lines, customer, taken });
  } catch (failure) {
    if (!(failure instanceof Declined)) throw failure;
    till.counter.tell({ words: failure.code });
  }
}

/** While something is on its way nothing else is touched. */
async function sending(send) {
  say($("busy-title"), t("paying"));
  say($("busy-words"), "");
  $("busy").showModal();
  try {
    await send();
  } finally {
    $("busy").close();
  }
}

function resume() {
  sending(() => till.checkout.goOn());
}

function tellWaiting(tries) {
  say($("busy-words"), t("waiting", { tries }));
}

function stuck(sale) {
  $("busy").close();
  $("wait").hidden = !till.checkout.canWait(sale);
  $("stuck").showModal();
}

function refused(failure) {
  $("busy").close();
  const reason = failure.said.reason ?? failure.code;
  const isKnown = TEXTS.en[reason] !== undefined && (failure.said.reason || REFUSED.includes(reason));
  till.counter.tell(isKnown ? { words: reason } : { detail: failure.said.detail ?? failure.code });
  $("scan").focus();
}

function done(sale) {
  $("busy").close(); // what lies under it can take the focus only then
  till.counter.clear();
  showReceipt(sale);
}

function showReceipt(sale) {
  till.receipt = sale;
  redrawReceipt();
  show("receipt");
}

function redrawReceipt() {
  if (till.receipt) drawReceipt(till.receipt, stateOf(till.receipt, till.line), till.who, words);
}

function next() {
  till.receipt = null;
  show("till");
}

// ---- what was sold ----

function openSales() {
  listSales();
  if (!$("sales").open) $("sales").showModal();
}

function listSales() {
  drawSales(till.checkout.sales, till.line, words, {
    show: (sale) => {
      $("sales").close();
      showReceipt(sale);
    },
    undo: (id) => {
      till.checkout.takeBack(id);
      listSales();
    },
  });
}

// ---- the line ----

function lineChanged() {
  if (till.line.isUp !== till.seenUp) {
    till.seenUp = till.line.isUp;
    till.counter.lineChanged();
  }
  drawFoot(till.line, words);
  redrawReceipt();
  if ($("sales").open) listSales();
}

// ---- hands ----

$("scan-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("scan").value;
  $("scan").value = "";
  if (text.trim() !== "") await till.counter.scan(text);
});
$("points").addEventListener("input", () => till.counter.pointsTyped());
$("all-points").addEventListener("click", () => till.counter.allPoints());
$("no-customer").addEventListener("click", () => till.counter.leaveCustomer());
$("pay").addEventListener("click", pay);
$("cancel").addEventListener("click", () => till.counter.clear());
$("open-sales").addEventListener("click", openSales);
$("close-sales").addEventListener("click", () => $("sales").close());
$("next").addEventListener("click", next);
$("print").addEventListener("click", () => print());
$("cut").addEventListener("click", () => {
  till.line.cut(!till.line.isCut);
  if (!$("till").hidden) $("scan").focus(); // what is scanned next must not press this again
});
$("leave").addEventListener("click", () => leave());
$("again").addEventListener("click", () => {
  $("stuck").close();
  resume();
});
$("wait").addEventListener("click", () => {
  $("stuck").close();
  till.checkout.wait();
});
$("give-up").addEventListener("click", () => {
  $("stuck").close();
  till.checkout.giveUp();
  till.counter.clear({ keepsItems: true });
  till.counter.tell({ words: "given_up", isCalm: true });
  show("till");
});
// A sale under way is neither left nor hidden by a key.
for (const id of ["busy", "stuck"]) $(id).addEventListener("cancel", (event) => event.preventDefault());

const KEYS = { F2: () => till.counter.allPoints(), F4: () => till.counter.clear(), F7: openSales, F9: pay };
addEventListener("keydown", (event) => {
  if (till !== null && !$("receipt").hidden && !document.querySelector("dialog[open]")) onReceipt(event);
  if (till === null || $("till").hidden || document.querySelector("dialog[open]") || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});

/** A scanner does not look at the screen: what it types over a receipt is the next customer's, from its first sign. */
function onReceipt(event) {
  if (event.key === "F7") {
    event.preventDefault();
    openSales();
  } else if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey) next();
}

function drawItems() {
  const { language } = words;
  const buttons = ITEMS.map((item) =>
    el(
      "button",
      {
        type: "button",
        click: () => {
          till.counter.add(item);
          $("scan").focus();
        },
      },
      item.name[words.language],
      el("small", {}, money(item.unit, language)),
    ),
  );
  $("items").replaceChildren(...buttons);
}

words.begin(() => {
  document.title = t("title");
  entry.draw();
  drawItems();
  if (till === null) return;
  till.counter.draw();
  redrawReceipt();
  drawFoot(till.line, words);
  if ($("sales").open) listSales();
  say($("where"), t("where", { store: till.who.store_id, terminal: till.who.terminal_id }));
});
addEventListener("online", () => till?.line.look());
entry.begin();
