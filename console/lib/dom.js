// The few things that a page does to its document. Text goes in as text only: nothing here, and nothing that calls it,
// makes markup of a string, and the pages' policy (Trusted Types) would refuse it.

const SVG = "http://www.w3.org/2000/svg";

/** The element with this id. */
export const $ = (id) => document.getElementById(id);

/** A new element with these attributes, around these children: elements, or texts as texts. */
export function el(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** A new SVG element with these attributes, around these children. */
export function svg(name, attributes, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(made, attributes, children) {
  for (const [attribute, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(attribute, value);
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(attribute, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Set an element's text if it is another: a screen reader need not hear the same thing twice. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Show one of these elements and hide the others. */
export function showOnly(shown, all) {
  for (const element of all) element.hidden = element !== shown;
}
