// What the neighbours and the scan suggest, what it leaves open, and what that is worth.

import { el } from "../elements.js";
import { known, language, t } from "../language.js";
import { percent, shown } from "../texts.js";

/** Codes of abstentions that mean: there is nothing like this scan in the archive. */
const NOTHING_CLOSE = ["distance", "novelty", "kind"];

const MOST = 5; // labels in sight; the others are a press away

/** The card of an answer's diagnosis. `asked`: whether a scan asked; words alone suggest nothing. */
export function diagnosisCard(diagnosis, asked) {
  const card = el("section", { class: "diagnosis", "aria-labelledby": "diagnosis-title" });
  card.append(el("h2", { id: "diagnosis-title" }, t("diagnosis")));
  if (!asked && !diagnosis.label) card.append(el("p", { class: "dim" }, t("words_suggest_nothing")));
  else card.append(headline(diagnosis));
  if (diagnosis.reason) card.append(reason(diagnosis));
  if (Object.keys(diagnosis.probabilities).length && (asked || diagnosis.label)) {
    card.append(probabilities(diagnosis));
  }
  const said = [...explained(diagnosis)];
  if (said.length) {
    card.append(el("ul", { class: "explained" }, said.map((one) => el("li", {}, one))));
  }
  return card;
}

function headline(diagnosis) {
  if (diagnosis.label) {
    return el("p", { class: "verdict" }, el("span", { class: "dim" }, t("suggested")), " ",
      el("strong", {}, shown(diagnosis.label)));
  }
  const code = diagnosis.reason_code;
  const none = NOTHING_CLOSE.includes(code);
  const key = none ? "no_close_match" : known(`withheld_${code}`) ? `withheld_${code}` : "withheld";
  return el("p", { class: `verdict ${none ? "verdict-none" : "verdict-open"}`, "data-code": code ?? "" },
    el("strong", {}, t(key)));
}

/** The reason as the engine words it; in Chinese, what it means stands before it. */
function reason(diagnosis) {
  const code = `why_${diagnosis.reason_code}`;
  return el("div", { class: "reason" },
    language() !== "en" && known(code) && el("p", {}, t(code)),
    el("p", { lang: "en" }, shown(sentence(diagnosis.reason))));
}

function sentence(text) {
  const whole = text[0].toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

function probabilities(diagnosis) {
  const withheld = diagnosis.abstained && !diagnosis.set.length;
  const rows = Object.entries(diagnosis.probabilities)
    .sort((a, b) => b[1] - a[1])
    .map(([label, share]) => {
      const inside = diagnosis.set.includes(label);
      return el("tr", { class: inside ? "in-set" : "" },
        el("th", { scope: "row" }, shown(label)),
        el("td", { class: "bar-cell" },
          el("span", { class: "bar-field", vars: { "--share": `${100 * share}%` } })),
        el("td", { class: "figure" }, percent(share)),
        el("td", { class: "set-cell" }, withheld ? "" : inside ? t("in_set") : t("ruled_out")));
    });
  const title = withheld ? t("shares_of_archive") : t("probabilities");
  const more = rows.slice(MOST);
  return el("div", {}, table(title, rows.slice(0, MOST)), more.length > 0
    && el("details", {}, el("summary", { class: "dim small" }, t("more_labels", { n: more.length })),
      table(t("more_labels", { n: more.length }), more)));
}

function table(title, rows) {
  return el("table", { class: "probabilities" }, el("caption", {}, title), el("tbody", {}, rows));
}

/** Sentences beside the probabilities, as in `retrieval.report.differential`. */
function* explained(diagnosis) {
  const { precedent, coverage, set, calibration } = diagnosis;
  if (precedent) {
    yield t(precedent.label ? "precedent_label" : "precedent", { cases: precedent.cases,
      right: precedent.right, label: shown(precedent.label ?? ""),
      percent: Math.round((100 * precedent.right) / precedent.cases) });
  }
  const names = set.map(shown).join(", ");
  if (coverage === null || coverage === undefined) {
    if (set.length > 1) yield t("not_told_apart", { names });
  } else {
    const wrongly = Math.round(100 * (1 - coverage));
    yield set.length === 1 ? t("others_ruled_out", { wrongly }) : t("not_ruled_out", { names, wrongly });
  }
  if (diagnosis.atypical) yield t("atypical");
  if (calibration) {
    yield t("calibrated", { cases: calibration.cases,
      off: Math.round(100 * (calibration.expected_error ?? 0)) });
  }
  if (diagnosis.note) yield t("unchecked", { note: shown(diagnosis.note) });
}
