// Who comes: check-ins of the last week by store, and by the hour of the week in one of them.

import { el } from "../lib/dom.js";
import { moment, number } from "../lib/format.js";
import { weekday, weekOf } from "./charts.js";
import { bars, card, each } from "./parts.js";

const [LOOKED, BUSIEST] = [12, 5]; // stores whose guests are looked at, and shown by name

export class Guests {
  #session;
  #words;
  #onChoice;
  #store = null;
  #found = null;

  /** `onChoice(read)` hears that another store is wanted, and how to read it. */
  constructor({ session, words }, onChoice) {
    this.#session = session;
    this.#words = words;
    this.#onChoice = onChoice;
  }

  /** The stores, and the guests of some of them. */
  async read() {
    const { items: stores } = await this.#session.read("checkin", "/v1/stores?limit=100");
    const looked = stores.slice(0, LOOKED);
    const weeks = await each(looked, (store) => this.#week(store.store_id));
    const rows = looked.map((store, n) => ({ store, guests: weeks[n], count: sumOf(weeks[n].hours) }));
    rows.sort((one, other) => other.count - one.count);
    this.#store ??= rows[0]?.store.store_id;
    const known = rows.find(({ store }) => store.store_id === this.#store);
    this.#found = { stores, rows, shown: known?.guests ?? (this.#store ? await this.#week(this.#store) : null) };
    return this;
  }

  async #week(id) {
    return await this.#session.read("checkin", `/v1/stores/${encodeURIComponent(id)}/guests?days=7`);
  }

  /** The part of the overview. */
  card() {
    const { t, language } = this.#words;
    const { stores, rows, shown } = this.#found;
    if (stores.length === 0) return card(t("by_hour"), el("p", {}, t("no_stores")));
    const choose = el(
      "select",
      { "aria-label": t("store"), id: "store", change: (event) => this.#choose(event.target.value) },
      ...stores.map(({ store_id: id, name }) =>
        el("option", { value: id, ...(id === this.#store && { selected: "" }) }, name),
      ),
    );
    const zone = stores.find(({ store_id: id }) => id === this.#store)?.time_zone ?? "UTC";
    const week = weekIn(shown.hours, zone);
    const count = sumOf(shown.hours);
    const busiest = week.indexOf(Math.max(...week));
    const when = `${weekday(Math.floor(busiest / 24), language, "long")} ${busiest % 24}:00`;
    const words = count > 0 ? t("guests_words", { count: number(count, language), when }) : t("no_guests");
    const some = { looked: number(rows.length, language), count: number(stores.length, language) };
    return card(
      t("by_hour"),
      bars(
        t("by_hour"),
        rows
          .slice(0, BUSIEST)
          .map((row) => ({ name: row.store.name, value: row.count, text: number(row.count, language) })),
      ),
      stores.length > rows.length ? el("p", { class: "small" }, t("some_stores", some)) : null,
      choose,
      weekOf(week, `${t("by_hour")}. ${words}`, this.#words),
      el("p", { class: "small" }, `${words} ${t("since", { at: moment(shown.since, language) })}`),
    );
  }

  async #choose(id) {
    this.#store = id;
    const known = this.#found.rows.find(({ store }) => store.store_id === id);
    await this.#onChoice(async () => {
      this.#found.shown = known?.guests ?? (await this.#week(id));
      return this;
    });
  }
}

const sumOf = (hours) => hours.reduce((sum, { guests }) => sum + guests, 0);

/** Guests by the hour of the store's own week, from Monday. */
function weekIn(hours, zone) {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    weekday: "short",
    hour: "2-digit",
    hourCycle: "h23",
  });
  const names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
  const week = Array(7 * 24).fill(0);
  for (const { hour, guests } of hours) {
    const found = Object.fromEntries(parts.formatToParts(new Date(hour)).map(({ type, value }) => [type, value]));
    week[names.indexOf(found.weekday) * 24 + Number(found.hour)] += guests;
  }
  return week;
}
