// What the page says, in English or Chinese; the choice is kept in this browser.

import { EN } from "./words/en.js";
import { ZH } from "./words/zh.js";

export const LANGUAGES = { en: { name: "English", words: EN }, zh: { name: "中文", words: ZH } };
const KEPT = "cbir-language";

let chosen = "en";

/** Take the language that was chosen before, or the browser's. */
export function begin() {
  let kept = null;
  try {
    kept = localStorage.getItem(KEPT);
  } catch {
    kept = null; // storage is forbidden in this browser: then nothing is kept
  }
  const first = navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
  use(kept in LANGUAGES ? kept : first);
}

/** Speak this language from now on; whoever draws listens for the event `language`. */
export function use(name) {
  chosen = name;
  document.documentElement.lang = name === "zh" ? "zh-Hans" : "en";
  for (const node of document.querySelectorAll("[data-say]")) node.textContent = t(node.dataset.say);
  try {
    localStorage.setItem(KEPT, name);
  } catch {
    // as above
  }
  dispatchEvent(new CustomEvent("language"));
}

/** The language in use: "en" or "zh". */
export function language() {
  return chosen;
}

/** The sentence of this key, with {names} replaced. An unknown key is shown as it is. */
export function t(key, values = {}) {
  const sentence = LANGUAGES[chosen].words[key] ?? key;
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** Whether there is a sentence of this key. */
export function known(key) {
  return key in EN;
}
