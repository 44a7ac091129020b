// A region of the query's picture, drawn or written, that asks in the picture's place.

import { button, el, fill } from "../elements.js";
import { t } from "../language.js";

/** Fields for those who do not draw; in pixels of the picture. */
export function regionFields(place, asking, pair) {
  const { picture } = pair.query;
  if (!asking.scan || !picture) return fill(place, el("p", { class: "dim" }, t("region_needs_scan")));
  const { width, height } = picture.meta;
  const now = pair.query.region ?? asking.asked.region;
  const field = (name, most, value) => el("label", { class: "box-field" }, el("span", {}, t(`box_${name}`)),
    el("input", { type: "number", min: "0", max: String(most), value: String(value), required: true,
      "data-box": name }));
  const fields = {
    x: field("x", width - 1, now?.x ?? Math.round(width / 4)),
    y: field("y", height - 1, now?.y ?? Math.round(height / 4)),
    w: field("w", width, now?.w ?? Math.round(width / 2)),
    h: field("h", height, now?.h ?? Math.round(height / 2)),
  };
  const value = (name) => Number(fields[name].querySelector("input").value);
  return fill(place,
    el("p", { class: "dim small" }, t("region_lead")),
    el("form", { class: "row", on: { submit: (event) => {
      event.preventDefault();
      asking.take("r", value("x"), value("y"), value("w"), value("h"), now?.frame ?? pair.query.at);
    } } }, Object.values(fields), el("button", { type: "submit" }, t("search_region"))),
    button(t("whole_picture"), () => asking.take("r", ""),
      { class: "quiet", disabled: !asking.asked.region }));
}
