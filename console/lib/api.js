// Calls to the services. Where they are says config.json, which stands beside the pages.

const PATIENCE_MS = 5_000;
const CONFIG = new URL("../config.json", import.meta.url);

/** A service has said no: `code` is one of the documented ones, `said` is all of what it said. */
export class Refusal extends Error {
  constructor(status, code, { said = {}, requestId = null, retryAfterMs = null } = {}) {
    super(code);
    Object.assign(this, { status, code, said, requestId, retryAfterMs });
  }
}

/** Nobody answered, or somebody who is none of the services: a proxy, a captive portal. */
export class NoAnswer extends Error {}

/** The services' base addresses by name; on a local stack also `door` (lib/door.js). */
export async function addresses() {
  const answer = await ask(CONFIG, {});
  if (!answer.ok) throw new NoAnswer(`config.json: ${answer.status}`);
  return await json(answer);
}

/** What a service says to everybody, without a key: `/openapi.json`. */
export async function open(base, path) {
  const answer = await ask(`${base}${path}`, {});
  if (!answer.ok) throw new NoAnswer(`${path}: ${answer.status}`);
  return await json(answer);
}

/** What a service answers to a GET. The key goes into a header, so it stands in no address and no log of addresses. */
export async function get(base, path, key, language) {
  return await call(base, path, key, language, {});
}

/** What a service answers to a write. The body names itself by an id, so that sending it again does nothing twice. */
export async function send(base, path, body, key, language, method = "POST") {
  return await call(base, path, key, language, { method, body: JSON.stringify(body) });
}

/** What a service answers to a write that is no JSON: a file of `kind`, `text/csv`. */
export async function sendText(base, path, text, kind, key, language) {
  return await call(base, path, key, language, { method: "POST", body: text, kind });
}

/** What a service answers to a GET in another form than JSON, `text/csv`: the bytes, to be saved. */
export async function getFile(base, path, key, language, kind) {
  return await call(base, path, key, language, { accept: kind });
}

async function call(base, path, key, language, { accept, kind = "application/json", ...how }) {
  const headers = { Authorization: `Bearer ${key}`, "Accept-Language": language };
  if (how.body !== undefined) headers["Content-Type"] = kind;
  if (accept !== undefined) headers.Accept = accept;
  const answer = await ask(`${base}${path}`, { ...how, headers });
  if (answer.status === 204) return null;
  if (answer.ok && accept !== undefined) return await answer.blob();
  const said = await json(answer);
  if (answer.ok) return said;
  if (typeof said.code !== "string") throw new NoAnswer(`${path}: ${answer.status}`);
  const seconds = Number(answer.headers.get("Retry-After"));
  throw new Refusal(answer.status, said.code, {
    said,
    requestId: said.request_id,
    retryAfterMs: seconds > 0 ? seconds * 1_000 : null,
  });
}

async function ask(address, how) {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    return await fetch(address, {
      signal,
      cache: "no-store",
      credentials: "omit",
      referrerPolicy: "no-referrer",
      ...how,
    });
  } catch (failure) {
    throw new NoAnswer(failure.message);
  }
}

async function json(answer) {
  try {
    return await answer.json();
  } catch (failure) {
    throw new NoAnswer(failure.message);
  }
}
