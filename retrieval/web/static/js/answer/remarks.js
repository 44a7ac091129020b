// What has to be known before an answer is believed: the scan's quality first, then the engine's.

import { el } from "../elements.js";
import { known, language, t } from "../language.js";
import { shown } from "../texts.js";

/** A quality remark: what it means in the page's language, then the engine's own words. */
function qualityLine(remark) {
  const code = remark.split(":")[0].trim();
  const said = known(`quality_${code}`);
  if (!said) return el("li", { lang: "en" }, shown(remark));
  if (language() === "en") return el("li", { "data-code": code }, shown(remark.slice(code.length + 1).trim() || remark));
  return el("li", { "data-code": code }, t(`quality_${code}`), " ",
    el("span", { class: "dim", lang: "en" }, shown(remark.slice(code.length + 1).trim())));
}

/** The strip above everything else; null where there is nothing to remark. */
export function qualityStrip(quality) {
  if (!quality?.length) return null;
  return el("section", { class: "quality", "aria-label": t("quality") },
    el("h2", {}, t("quality")), el("ul", {}, quality.map(qualityLine)));
}

/** What the engine remarks on an answer. */
export function remarkList(remarks) {
  if (!remarks.length) return null;
  return el("details", { class: "remarks", open: true },
    el("summary", {}, t("remarks", { n: remarks.length })),
    el("ul", {}, remarks.map((one) => el("li", { lang: "en" }, shown(one)))));
}

/** A problem, with what to do about it. */
export function problemCard(problem, again) {
  const said = known(`problem_${problem.code}`) ? t(`problem_${problem.code}`) : "";
  return el("section", { class: "problem", role: "alert" },
    el("h2", {}, t("problem")),
    said && el("p", {}, said),
    problem.message && el("p", { lang: "en" }, shown(problem.message)),
    problem.todo && el("p", { lang: "en" }, shown(problem.todo)),
    again && el("button", { type: "button", on: { click: again } }, t("again")));
}
