// Days as the device tells them, as dates without a time.

const DAY_MS = 86_400_000;

/** The day so many days from now, of this device. */
export function dayOf(days) {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000 + days * DAY_MS).toISOString().slice(0, 10);
}
