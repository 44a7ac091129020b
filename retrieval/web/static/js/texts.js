// Texts that came from headers and archives: shown as they are, with what hides in them made plain.

import { el } from "./elements.js";

// Control characters but the line break; what reorders, joins or hides letters.
const HIDDEN =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;

/** The text with every control or bidirectional character written as its code point. */
export function shown(text) {
  return String(text ?? "").replace(HIDDEN, (found) => {
    const code = found.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    return `⟨U+${code}⟩`;
  });
}

/** Nodes of `text` with the spans marked. `spans`: [start, end) in code points, as Python counts. */
export function marked(text, spans) {
  const letters = Array.from(text ?? "");
  const nodes = [];
  let at = 0;
  for (const [start, end] of [...(spans ?? [])].sort((a, b) => a[0] - b[0])) {
    if (start < at || end <= start) continue;
    nodes.push(shown(letters.slice(at, start).join("")));
    nodes.push(el("mark", {}, shown(letters.slice(start, end).join(""))));
    at = end;
  }
  nodes.push(shown(letters.slice(at).join("")));
  return nodes;
}

/** A number with so many digits after the point, or a dash. */
export function number(value, digits = 2) {
  return Number.isFinite(value) ? value.toFixed(digits) : "–";
}

/** A share as whole per cent; "<1 %" where it is not nothing. */
export function percent(value) {
  if (!Number.isFinite(value)) return "–";
  const whole = Math.round(100 * value);
  return whole === 0 && value > 0 ? "<1 %" : `${whole} %`;
}
