// Names for what is sent: made once, kept before it is sent, and the same for every try until there is an answer, so
// that a reload in between does nothing twice.

const PREFIX = "omo.name.";

/** The id under which this is done: the one kept since an earlier try, else a new one. */
export function nameFor(what) {
  try {
    const kept = localStorage.getItem(PREFIX + what);
    if (kept !== null) return kept;
    const made = crypto.randomUUID();
    localStorage.setItem(PREFIX + what, made);
    return made;
  } catch {
    return crypto.randomUUID(); // nothing can be kept here: good for this try alone
  }
}

/** There is an answer: what comes next is another thing, with a name of its own. */
export function settled(what) {
  try {
    localStorage.removeItem(PREFIX + what);
  } catch {
    // Then none was kept.
  }
}
