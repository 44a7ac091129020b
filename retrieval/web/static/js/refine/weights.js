// Weights of the descriptors as sliders.

import { button, el, fill } from "../elements.js";
import { t } from "../language.js";
import { number } from "../texts.js";
import { partName } from "../answer/split.js";

/** Sliders 0..1 by descriptor. `own`: the index's weights; `set`: those asked for. */
export function weightSliders(place, own, asking) {
  const { weights } = asking.asked;
  fill(place,
    el("p", { class: "dim small" }, t("weights_lead")),
    Object.keys(own).map((name) => slider(name, weights[name] ?? own[name], name in weights, asking)),
    button(t("own_weights"), () => asking.take("w", ""),
      { class: "quiet", disabled: !Object.keys(weights).length }));
}

function slider(name, value, changed, asking) {
  const id = `weight-${name}`;
  const out = el("output", { for: id, class: "figure" }, number(value));
  const input = el("input", { id, type: "range", min: "0", max: "1", step: "0.05", value: String(value),
    "data-weight": name, on: {
      input: () => { out.textContent = number(Number(input.value)); },
      change: () => asking.take("w", name, Number(input.value)),
    } });
  return el("div", { class: `weight ${changed ? "changed" : ""}` },
    el("span", { class: "swatch", "data-part": name, "aria-hidden": "true" }),
    el("label", { for: id }, partName(name)), input, out);
}
