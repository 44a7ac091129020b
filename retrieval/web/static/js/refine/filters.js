// Filters with how many cases each would leave; within one list any, between lists all.

import { button, el, fill } from "../elements.js";
import { known, t } from "../language.js";
import { shown } from "../texts.js";

const LISTS = ["modality", "body_part", "label", "sex"];
const SHOWN = 30;

/** `facets`: as GET /facets gives them. */
export function filterLists(place, facets, asking) {
  const { filters } = asking.asked;
  fill(place,
    el("div", { class: "facets" },
      LISTS.filter((name) => Object.keys(facets[name] ?? {}).length).map((name) =>
        list(name, facets[name], filters[name] ?? [], asking)),
      age(facets.age ?? [], filters.age, asking)),
    button(t("no_filters"), () => asking.take("f", ""),
      { class: "quiet", disabled: !Object.keys(filters).length }));
}

function list(name, counts, chosen, asking) {
  const rows = Object.entries(counts).sort((a, b) => b[1] - a[1]).slice(0, SHOWN);
  const press = (value, on) => {
    const values = on ? [...chosen, value] : chosen.filter((one) => one !== value);
    asking.take("f", name, ...values);
  };
  return el("fieldset", { class: "facet" }, el("legend", {}, t(`facet_${name}`)),
    rows.map(([value, n]) => el("label", {},
      el("input", { type: "checkbox", checked: chosen.includes(value), "data-facet": name, "data-value": value,
        on: { change: (event) => press(value, event.target.checked) } }),
      el("span", { class: "facet-name" }, valueName(name, value)),
      el("span", { class: "figure dim" }, String(n)))));
}

function valueName(name, value) {
  if (!value) return t("unsaid");
  return name === "sex" && known(`sex_${value}`) ? t(`sex_${value}`) : shown(value);
}

function age(bins, chosen, asking) {
  const take = () => {
    const [low, high] = [from, to].map((one) => one.value);
    if (!low && !high) return asking.take("f", "age");
    return asking.take("f", "age", low || 0, high || 150);
  };
  const field = (say, value) => el("input", { type: "number", min: "0", max: "150", value: value ?? "",
    "aria-label": t(say), placeholder: t(say), on: { change: take } });
  const from = field("age_from", chosen?.[0]);
  const to = field("age_to", chosen?.[1]);
  const most = Math.max(1, ...bins.map(([, , n]) => n));
  return el("fieldset", { class: "facet" }, el("legend", {}, t("facet_age")),
    bins.length ? bins.map(([low, high, n]) => el("button", { type: "button", class: "age-bin",
      on: { click: () => asking.take("f", "age", low, high) },
      "aria-label": t("age_bin", { low, high, n }) },
    el("span", {}, `${low}–${high}`), el("span", { class: "bar-field", vars: { "--share": `${(100 * n) / most}%` } }),
    el("span", { class: "figure dim" }, String(n)))) : el("p", { class: "dim small" }, t("no_ages")),
    bins.length > 0 && el("div", { class: "row" }, from, to));
}
