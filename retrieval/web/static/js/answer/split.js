// What each descriptor gave to a score, as one bar; the parts sum to the score.

import { el } from "../elements.js";
import { known, t } from "../language.js";
import { number, shown } from "../texts.js";

/** The name of a descriptor in the language of the page. */
export function partName(name) {
  return known(`part_${name}`) ? t(`part_${name}`) : shown(name);
}

/** The bar of a hit, with its parts in words for those who do not see it. */
export function split(hit) {
  const parts = Object.entries(hit.contributions).filter(([, gave]) => Math.abs(gave) >= 0.0005);
  const told = parts.map(([name, gave]) => `${partName(name)} ${number(gave)}`).join(", ");
  const bar = el("div", { class: "split", role: "img", title: told,
    "aria-label": t("split_of", { score: number(hit.score), parts: told }) },
  parts.filter(([, gave]) => gave > 0).map(([name, gave]) => el("span", {
    class: "split-part", "data-part": name, vars: { "--share": `${Math.min(gave, 1) * 100}%` } })));
  const lost = parts.filter(([, gave]) => gave < 0);
  const less = lost.length > 0
    && el("div", { class: "dim small" }, lost.map(([name, gave]) => `${partName(name)} ${number(gave)} `));
  return el("div", {}, bar, less);
}

/** What the colours of the bars mean. */
export function splitLegend(hits) {
  const names = [...new Set(hits.flatMap((hit) => Object.keys(hit.contributions).filter(
    (name) => Math.abs(hit.contributions[name]) >= 0.0005)))];
  return el("ul", { class: "legend" }, names.map((name) =>
    el("li", {}, el("span", { class: "swatch", "data-part": name, "aria-hidden": "true" }), partName(name))));
}
