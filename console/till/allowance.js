// What a till may give away without asking, fetched while there is a line: once a day, under one id.

import { insist, isPassing } from "../lib/again.js";

/**
 * Fetch the allowance of the store's business day if it is not there yet. Without one the till takes no coupons offline;
 * without a line the one that it has stays, and is good until it ends.
 */
export async function prepare(line, journal, who) {
  const day = await businessDay(line);
  if (day === null || journal.read("allowance")?.told.business_day === day) return;
  const allowance_id = `${journal.till}-${day}`.slice(0, 64);
  try {
    const body = { allowance_id, terminal_id: who.terminal_id, business_day: day };
    const told = await insist(() => line.send("coupons", "/v1/offline/allowances", body));
    journal.write("allowance", { told, taken: [], given: 0 });
  } catch (failure) {
    if (!isPassing(failure)) journal.remove("allowance");
  }
}

/** The day of the store's books, which may go on after midnight; null without a line. */
async function businessDay(line) {
  try {
    return (await line.get("points", "/v1/till")).business_day;
  } catch {
    return null;
  }
}
