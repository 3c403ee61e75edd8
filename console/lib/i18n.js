// A page's words in Japanese and English, and the switch between them. Which language it is comes from the browser
// until somebody chooses one; the choice is kept for all pages.

const LANGUAGES = ["ja", "en"];
const KEPT = "omo.language";

/** The words of a page: `t(name, values)` gives a text, `language` says which they are in. */
export class Words {
  #texts;
  #redraw = () => {};
  language = chosen();

  constructor(texts) {
    this.#texts = texts;
  }

  t = (name, values = {}) => {
    const text = this.#texts[this.language][name];
    if (text === undefined) throw new Error(`no text is called ${name}`);
    return text.replace(/\{(\w+)\}/g, (_, value) => values[value]);
  };

  /** Fill in the page and its switch, and call `redraw` whenever the language has changed. */
  begin(redraw = () => {}) {
    this.#redraw = redraw;
    for (const button of document.querySelectorAll("button[data-language]")) {
      button.addEventListener("click", () => this.#choose(button.dataset.language));
    }
    this.#fill();
  }

  #choose(language) {
    this.language = language;
    keep(language);
    this.#fill();
  }

  #fill() {
    document.documentElement.lang = this.language;
    for (const element of document.querySelectorAll("[data-t]")) element.textContent = this.t(element.dataset.t);
    for (const element of document.querySelectorAll("[data-t-label]")) {
      element.setAttribute("aria-label", this.t(element.dataset.tLabel));
    }
    for (const button of document.querySelectorAll("button[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === this.language));
    }
    this.#redraw();
  }
}

function chosen() {
  const wanted = [kept(), ...navigator.languages].map((tag) => (tag ?? "").slice(0, 2).toLowerCase());
  return wanted.find((language) => LANGUAGES.includes(language)) ?? "en";
}

// A browser may forbid to keep anything; the page works all the same.
function kept() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

function keep(language) {
  try {
    localStorage.setItem(KEPT, language);
  } catch {
    // Then it is chosen anew the next time.
  }
}
