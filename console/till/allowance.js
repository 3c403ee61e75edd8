// What a till may give away without asking, fetched while there is a line: once a day, under one id.

import { insist } from "../lib/again.js";

/** Fetch today's allowance if it is not there yet. Without one the till takes no coupons offline. */
export async function prepare(line, journal, who) {
  const day = today();
  if (journal.read("allowance")?.told.business_day === day) return;
  const allowance_id = `${journal.till}-${day}`.slice(0, 64);
  try {
    const body = { allowance_id, terminal_id: who.terminal_id, business_day: day };
    const told = await insist(() => line.send("coupons", "/v1/offline/allowances", body));
    journal.write("allowance", { told, taken: [], given: 0 });
  } catch {
    journal.remove("allowance");
  }
}

/** The day on the calendar where the till stands. */
function today() {
  const now = new Date();
  return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}
