// The screen stays lit, where the browser can do that. It lets go whenever the page is hidden, so it is asked again.

/** Keep the screen lit for as long as the page is seen. */
export function stayAwake() {
  hold();
  document.addEventListener("visibilitychange", hold);
}

async function hold() {
  if (document.visibilityState !== "visible") return;
  try {
    await navigator.wakeLock?.request("screen");
  } catch {
    // A tablet that saves power may go dark; the code is there again when it is touched.
  }
}
