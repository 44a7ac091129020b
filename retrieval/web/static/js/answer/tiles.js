// Hits as tiles, a case each; the patient's own studies and the case that speaks against, apart.

import { el, icon } from "../elements.js";
import { known, t } from "../language.js";
import { marked, number, shown } from "../texts.js";
import { api } from "../api.js";
import { ofCase } from "../address.js";
import { split, splitLegend } from "./split.js";

/** A case's sex, age and kind in one line; what was not said is left out. */
export function aboutCase(row) {
  const sex = row.sex && (known(`sex_${row.sex}`) ? t(`sex_${row.sex}`) : row.sex);
  const age = Number.isFinite(row.age) ? t("years", { n: Math.round(row.age) }) : null;
  const kind = [row.modality, row.body_part, row.view].filter(Boolean).join(" ");
  return [sex, age, kind].filter(Boolean).map(shown).join(" · ");
}

/** `used`: {generation, marks, chosen, open(hit), mark(hit, as), readonly}. */
function tile(hit, used) {
  const mark = used.marks[hit.instance];
  const name = shown(hit.label ?? t("no_label"));
  const open = el("button", { type: "button", class: "tile-open", "aria-pressed":
    String(used.chosen === hit.instance), on: { click: () => used.open(hit) },
  "aria-label": t("open_hit", { label: name, score: number(hit.score), about: aboutCase(hit) }) },
  el("img", { src: api.preview(hit.instance, used.generation), alt: "", width: "76", height: "76", loading: "lazy" }));
  return el("li", { class: "tile", "data-instance": String(hit.instance),
    "data-chosen": String(used.chosen === hit.instance), "data-mark": mark ?? "" },
  open,
  el("div", { class: "tile-text" },
    el("div", { class: "tile-head" },
      hit.rank > 0 && el("span", { class: "rank", "aria-hidden": "true" }, String(hit.rank)),
      el("strong", { class: "label" }, name),
      likeButton("l", "like", hit, mark, used), likeButton("u", "unlike", hit, mark, used),
      el("span", { class: "score", title: t("score") }, number(hit.score))),
    split(hit),
    el("div", { class: "dim small tile-about" },
      el("span", {}, [aboutCase(hit), place(hit)].filter(Boolean).join(" · ")),
      el("a", { href: ofCase(used.generation, hit.instance), class: "case-link" },
        t("case_page"), el("span", { class: "unseen" }, ` ${name} ${hit.rank || ""}`))),
    report(hit)));
}

function place(hit) {
  if (hit.slice_index !== null && hit.slice_index !== undefined) {
    return t("slice_found", { n: hit.slice_index + 1 });
  }
  return hit.instances > 1 ? t("pictures", { n: hit.instances }) : "";
}

function report(hit) {
  if (!hit.findings) return null;
  return el("div", { class: "findings" },
    hit.annotated_by && el("span", { class: "machine", title: shown(hit.annotated_by) }, t("machine_made")),
    el("p", {}, marked(hit.findings, hit.words)));
}

function likeButton(as, name, hit, mark, used) {
  return el("button", { type: "button", class: `mark-button ${name}`, title: t(name),
    "aria-label": `${t(name)}: ${shown(hit.label ?? "")} ${hit.rank || ""}`,
    "aria-pressed": String(mark === as),
    on: { click: () => used.mark(hit, mark === as ? "" : as) } }, icon(name));
}

function lane(id, title, hits, used, lead = "") {
  if (!hits.length) return null;
  return el("section", { class: `lane lane-${id}`, "aria-labelledby": `lane-${id}` },
    el("div", { class: "lane-head" }, el("h2", { id: `lane-${id}` }, title),
      lead && el("span", { class: "dim small" }, lead)),
    el("ul", { class: "tiles" }, hits.map((hit) => tile(hit, used))));
}

/** The lanes of an answer that scroll. */
export function lanes(answer, used) {
  const { hits, priors, against } = answer;
  return [
    lane("hits", t("nearest", { n: hits.length }), hits, used),
    !hits.length && el("p", { class: "empty-lane" }, t("no_hits")),
    hits.length > 0 && splitLegend([...hits, ...(against ? [against] : [])]),
    lane("priors", t("priors"), priors, used, t("priors_apart")),
    marksOutside(answer, used),
  ];
}

/** The nearest case with another diagnosis: it stays in sight, even if it is a hit as well. */
export function againstLane({ hits, against, diagnosis }, used) {
  if (!against) return hits.length > 0 && el("p", { class: "dim small" }, t("none_against"));
  return lane("against", t(diagnosis.label ? "against" : "against_first"), [against], used,
    against.rank ? t("against_is_hit", { n: against.rank }) : "");
}

/** Marked cases do not come back as hits: they are counted here, and let go one by one or at once. */
function marksOutside(answer, used) {
  const rows = Object.entries(used.marks);
  if (!rows.length) return null;
  return el("section", { class: "lane lane-marked", "aria-labelledby": "lane-marked" },
    el("h2", { id: "lane-marked" }, t("marked")),
    el("ul", { class: "marked-list" }, rows.map(([row, as]) => el("li", { "data-mark": as },
      el("img", { src: api.preview(row, used.generation), alt: "", width: "48", height: "48" }),
      el("button", { type: "button", "aria-label": t("unmark"), title: t("unmark"),
        on: { click: () => used.mark({ instance: row }, "") } }, icon(as === "l" ? "like" : "unlike"))))));
}
