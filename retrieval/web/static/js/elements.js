// Elements of the page, made without markup: every text goes through `textContent`.

import { ICONS } from "./icons.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. `given`: attributes; `class`; `on` {event: listener}; `vars` {"--name": value} (set
 * through the CSSOM); properties `value`, `checked`, `disabled`, `hidden`, `text`. Children: nodes,
 * texts, arrays of them; null and false are left out.
 */
export function el(tag, given = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) put(made, name, value);
  add(made, children);
  return made;
}

const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "indeterminate", "tabIndex"]);

function put(made, name, value) {
  if (value === null || value === undefined || value === false) {
    if (PROPERTIES.has(name) && value === false) made[name] = false;
    return;
  }
  if (name === "on") {
    for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
  } else if (name === "vars") {
    for (const [key, one] of Object.entries(value)) made.style.setProperty(key, one);
  } else if (name === "text") made.textContent = value;
  else if (name === "class") made.className = value;
  else if (PROPERTIES.has(name)) made[name] = value;
  else made.setAttribute(name, value === true ? "" : value);
}

/** Append nodes and texts. */
export function add(parent, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child);
  }
  return parent;
}

/** Put these children in the place of all that were there. */
export function fill(parent, ...children) {
  parent.replaceChildren();
  return add(parent, children);
}

/** A drawn sign; it says nothing to a screen reader, the control that it is on does. */
export function icon(name) {
  const drawn = document.createElementNS(SVG, "svg");
  drawn.setAttribute("viewBox", "0 0 24 24");
  drawn.setAttribute("class", "icon");
  drawn.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  drawn.append(path);
  return drawn;
}

/** A button with a sign, named for a screen reader and for the pointer. */
export function tool(name, label, press, key = "") {
  const title = key ? `${label} (${key})` : label;
  return el(
    "button",
    { type: "button", class: "tool", "aria-label": label, title, "data-tool": name,
      on: { click: press } },
    icon(name),
  );
}

/** A plain button with a text. */
export function button(label, press, given = {}) {
  return el("button", { type: "button", ...given, on: { click: press } }, label);
}

/** Tell a screen reader, without moving the focus. */
export function announce(sentence) {
  const place = document.getElementById("said");
  place.textContent = "";
  requestAnimationFrame(() => { place.textContent = sentence; });
}
