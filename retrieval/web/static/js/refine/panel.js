// What refines a search, under the pictures: words, weights, filters, region, steps back and forth.

import { button, el, fill, icon, tool } from "../elements.js";
import { t } from "../language.js";
import { filterLists } from "./filters.js";
import { regionFields } from "./region.js";
import { weightSliders } from "./weights.js";

const PANELS = ["weights", "filter", "region", "more"];

/** `facts`: {weights, facets} of the index, filled in when they are known. */
export class Refining {
  constructor(asking, pair, facts) {
    Object.assign(this, { asking, pair, facts, open: null });
    this.text = el("input", { type: "search", class: "words", id: "words", maxlength: "2000",
      autocomplete: "off", spellcheck: "false" });
    this.bar = el("form", { class: "refine-bar", role: "search", on: { submit: (event) => {
      event.preventDefault();
      asking.say(this.text.value.trim());
    } } });
    this.panel = el("div", { class: "refine-panel", hidden: true, id: "refine-panel" });
    this.node = el("section", { class: "refine" }, this.panel, this.bar);
    this.draw();
  }

  draw() {
    const { asking } = this;
    if (document.activeElement !== this.text) this.text.value = asking.asked.words;
    this.text.placeholder = t("words_hint");
    this.text.setAttribute("aria-label", t("words"));
    this.node.setAttribute("aria-label", t("refine"));
    const focused = this.bar.contains(document.activeElement) && document.activeElement;
    const again = focused?.dataset?.panel ?? focused?.dataset?.tool;
    fill(this.bar,
      this.text, el("button", { type: "submit" }, t("search")),
      el("span", { class: "refine-tabs" }, PANELS.map((name) => this.tab(name))),
      this.act("undo", () => asking.go(-1), asking.canUndo, "Ctrl+Z"),
      this.act("redo", () => asking.go(1), asking.canRedo, "Ctrl+Y"));
    if (focused === this.text) this.text.focus();
    else if (again) this.bar.querySelector(`[data-panel="${again}"], [data-tool="${again}"]`)?.focus();
    this.drawPanel();
  }

  act(name, press, possible, key) {
    const made = tool(name, t(name), press, key);
    made.disabled = !possible;
    return made;
  }

  tab(name) {
    const n = this.count(name);
    return el("button", { type: "button", class: "tab", "data-panel": name,
      "aria-expanded": String(this.open === name), "aria-controls": "refine-panel",
      on: { click: () => this.toggle(name) } },
    icon(name === "weights" ? "weights" : name), el("span", {}, t(`panel_${name}`)),
    n > 0 && el("span", { class: "badge" }, String(n)));
  }

  /** How much of a panel is in use. */
  count(name) {
    const asked = this.asking.asked;
    return { weights: Object.keys(asked.weights).length, filter: Object.keys(asked.filters).length,
      region: asked.region ? 1 : 0, more: Number(asked.refine) + Number(asked.spread) }[name];
  }

  toggle(name) {
    this.open = this.open === name ? null : name;
    if (name === "region") this.pair.use(this.open ? "region" : "window");
    this.draw();
  }

  drawPanel() {
    const focused = this.panel.contains(document.activeElement) ? document.activeElement : null;
    const mark = focused && [...this.panel.querySelectorAll("input, button")].indexOf(focused);
    this.panel.hidden = !this.open;
    if (!this.open) return this.panel.replaceChildren();
    const inside = el("div", { class: `panel-in panel-${this.open}` });
    if (this.open === "weights") weightSliders(inside, this.facts.weights ?? {}, this.asking);
    else if (this.open === "filter") filterLists(inside, this.facts.facets ?? {}, this.asking);
    else if (this.open === "region") regionFields(inside, this.asking, this.pair);
    else this.more(inside);
    fill(this.panel, inside);
    if (mark !== null) this.panel.querySelectorAll("input, button")[mark]?.focus();
    return undefined;
  }

  more(place) {
    const { asking } = this;
    const asked = asking.asked;
    const check = (letter, on, say, possible) => el("label", { class: "check" },
      el("input", { type: "checkbox", checked: on, disabled: !possible, "data-option": letter,
        on: { change: (event) => asking.take(letter, event.target.checked ? "1" : "0") } }),
      el("span", {}, t(say)));
    const scan = Boolean(asking.scan || asking.row !== null);
    fill(place,
      el("label", { class: "check" }, el("span", {}, t("how_many")),
        el("input", { type: "number", min: "1", max: "50", value: String(asked.k), "data-option": "k",
          on: { change: (event) => asking.take("k",
            Math.min(Math.max(Math.round(Number(event.target.value)) || 5, 1), 50)) } })),
      check("d", asked.refine, "refine_diagnosis", scan),
      check("p", asked.spread, "spread", !scan),
      Object.keys(asked.marks).length > 0 && button(t("unmark_all"), () =>
        asking.takeAll(Object.keys(asked.marks).map((row) => ["m", row, ""])), { class: "quiet" }));
  }
}
