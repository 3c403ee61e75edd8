// Amounts, days and times as people read them, in the language of the page.

const TAGS = { ja: "ja-JP", en: "en-GB" };

/** A whole number: 1,234. */
export function number(value, language) {
  return new Intl.NumberFormat(TAGS[language]).format(value);
}

/** A change: +20 or −5. */
export function change(value, language) {
  return new Intl.NumberFormat(TAGS[language], { signDisplay: "exceptZero" }).format(value);
}

/** Money in minor units; yen have none. */
export function money(value, language) {
  const sign = value < 0 ? "−" : "";
  const figures = number(Math.abs(value), language);
  return language === "ja" ? `${sign}${figures}円` : `${sign}¥${figures}`;
}

/** A date without a time, `2026-11-29`, whatever the zone of the device. */
export function day(iso, language, how = { year: "numeric", month: "short", day: "numeric" }) {
  return new Intl.DateTimeFormat(TAGS[language], { timeZone: "UTC", ...how }).format(new Date(`${iso}T00:00:00Z`));
}

/** A moment, in the zone of the device. */
export function moment(iso, language) {
  const how = { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(TAGS[language], how).format(new Date(iso));
}

const AGO = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** How long ago a moment was, in the largest unit that it fills: 3 hours ago. */
export function ago(iso, language, now = Date.now()) {
  const seconds = Math.max(0, (now - new Date(iso)) / 1_000);
  const [unit, length] = AGO.find(([, least]) => seconds >= least) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(TAGS[language]).format(-Math.floor(seconds / length), unit);
}

/** The time of a moment: 14:05. */
export function clock(iso, language) {
  return new Intl.DateTimeFormat(TAGS[language], { hour: "2-digit", minute: "2-digit" }).format(new Date(iso));
}

/** How far: in metres, from one kilometre on in kilometres. */
export function distance(metres, language) {
  if (metres < 1_000) return `${number(metres, language)} m`;
  return `${new Intl.NumberFormat(TAGS[language], { maximumFractionDigits: 1 }).format(metres / 1_000)} km`;
}

const OFFERS = {
  ja: {
    amount_off: (value) => `${money(value, "ja")}引き`,
    percent_off: (value) => `${value}%引き`,
    item_free: (value) => `${value}点無料`,
    bonus_points: (value) => `${number(value, "ja")}ポイント`,
    most: (value) => `(最大${money(value, "ja")})`,
  },
  en: {
    amount_off: (value) => `${money(value, "en")} off`,
    percent_off: (value) => `${value}% off`,
    item_free: (value) => (value === 1 ? "1 item free" : `${value} items free`),
    bonus_points: (value) => `${number(value, "en")} points`,
    most: (value) => ` (at most ${money(value, "en")})`,
  },
};

/** What a coupon is worth. */
export function offer({ type, value = 1, max_discount: most }, language) {
  const words = OFFERS[language];
  return words[type](value) + (most ? words.most(most) : "");
}
