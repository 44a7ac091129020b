// Dialogues: the keys, a question before something is changed.

import { button, el, tool } from "./elements.js";
import { t } from "./language.js";
import { KEYS, MORE_KEYS } from "./viewer/keys.js";

/** Show a dialogue; gone when it is closed. Gives the node. */
export function open(title, ...content) {
  const id = "dialog-title";
  const made = el("dialog", { "aria-labelledby": id },
    el("div", { class: "dialog-head" }, el("h2", { id }, title),
      tool("close", t("close"), () => made.close(), "Esc")), content);
  made.addEventListener("close", () => made.remove());
  document.body.append(made);
  made.showModal();
  return made;
}

const NAMES = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", PageUp: "PgUp",
  PageDown: "PgDn", " ": "space_key" };

function keyName(key) {
  const name = NAMES[key] ?? key;
  return name === "space_key" ? t("space_key") : name;
}

/** All keys, as they are taken. */
export function keysHelp() {
  const row = ({ keys, say }) => el("tr", {},
    el("td", {}, keys.map((key) => el("kbd", {}, keyName(key)))), el("td", {}, t(say)));
  return open(t("keys"), el("table", { class: "keys" }, el("tbody", {}, [...KEYS, ...MORE_KEYS].map(row))),
    el("p", { class: "dim small" }, t("pointer_help")));
}

/** Ask before something that cannot be undone; `act` returns a promise. */
export function confirm(title, sentence, verb, act) {
  return form(title, [el("p", {}, sentence)], verb, act);
}

/** A form in a dialogue. `act(values)`: what it does; a problem is told in the dialogue. */
export function form(title, fields, verb, act) {
  const told = el("p", { class: "told", role: "alert" });
  const submit = el("button", { type: "submit", class: "main-action" }, verb);
  const made = open(title, el("form", { on: { submit: async (event) => {
    event.preventDefault();
    submit.disabled = true;
    try {
      await act(Object.fromEntries(new FormData(event.target)));
      made.close();
    } catch (problem) {
      told.textContent = [problem.message, problem.todo].filter(Boolean).join(" ") || t("unreached");
      submit.disabled = false;
    }
  } } }, fields, told, el("div", { class: "row" }, submit, button(t("leave"), () => made.close()))));
  return made;
}

/** A labelled field of a form. */
export function field(name, label, given = {}) {
  return el("label", { class: "field" }, el("span", {}, label),
    el(given.rows ? "textarea" : "input", { name, autocomplete: "off", ...given }));
}
