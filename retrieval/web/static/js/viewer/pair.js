// Query and hit side by side, in step or not.

import { el, announce } from "../elements.js";
import { t } from "../language.js";
import { Cine } from "./cine.js";
import { flip, millimetres, turn, zoomAt } from "./geometry.js";
import { Pane } from "./pane.js";
import { boxOf, listen } from "./tools.js";
import { PRESETS, opening } from "./window.js";

/** `drawn(region)`: called when a region was drawn; `moved(step)`: to the next or previous hit. */
export class Pair {
  constructor({ drawn, moved }) {
    this.drawn = drawn;
    this.moved = moved;
    this.tool = "window";
    this.linked = true;
    this.told = new Set();
    const changed = (pane, what) => this.follow(pane, what);
    this.query = new Pane("query", changed);
    this.hit = new Pane("hit", changed);
    this.panes = [this.query, this.hit];
    this.node = el("div", { class: "pair" }, this.query.node, this.hit.node);
    for (const pane of this.panes) {
      listen(pane, this);
      pane.node.addEventListener("focus", () => this.choose(pane));
      pane.cine = new Cine(pane);
    }
    this.choose(this.query);
  }

  /** Listen to what changed in tools, links and layers. */
  onChange(listener) {
    this.told.add(listener);
  }

  tell() {
    for (const listener of this.told) listener();
  }

  /** The pane that the keys go to. */
  choose(pane) {
    this.active = pane;
    for (const one of this.panes) one.node.classList.toggle("pane-active", one === pane);
    this.tell();
  }

  use(tool) {
    this.tool = tool;
    this.node.dataset.tool = tool;
    for (const pane of this.panes) if (!["length", "region"].includes(tool)) pane.cross = null;
    this.tell();
  }

  link(linked) {
    this.linked = linked;
    if (linked) for (const what of ["view", "window"]) this.follow(this.active, what);
    this.tell();
  }

  /** The other pane does what this one did. */
  follow(pane, what) {
    const other = pane === this.query ? this.hit : this.query;
    if (!this.linked || !pane.picture || !other.picture) return;
    if (what === "frame") followFrame(pane, other);
    else if (what === "window") followWindow(pane, other);
    else Object.assign(other.view, pane.view);
    if (what === "view") other.inverted = inverted(pane) !== Boolean(other.picture.meta.inverted);
    other.draw();
  }

  /** A new hit is seen as the query is: its view, and its window if a person has changed that. */
  catchUp() {
    const { picture, window } = this.query;
    if (!picture) return;
    this.follow(this.query, "view");
    const own = opening(picture.meta);
    if (own.center !== window.center || own.width !== window.width) this.follow(this.query, "window");
  }

  /** Do something to the view of the active pane. */
  change(act, what = "view") {
    const pane = this.active;
    if (!pane.picture) return;
    act(pane);
    pane.draw();
    this.follow(pane, what);
    this.tell();
  }

  invert() { this.change((pane) => { pane.inverted = !pane.inverted; }); }
  turn(way) { this.change((pane) => turn(pane.view, way)); }
  flip(across) { this.change((pane) => flip(pane.view, across)); }
  zoom(factor) { this.change((pane) => zoomAt(pane.view, factor, 0, 0)); }
  step(by) { this.active.go(this.active.at + by); }
  cine() { this.active.cine.toggle(); this.tell(); }

  /** The window of preset 1 to 5; only where values are Hounsfield units. */
  preset(number) {
    if (this.active.picture?.meta.unit !== "HU") return announce(t("preset_only_ct"));
    const { name, center, width } = PRESETS[number - 1];
    this.change((pane) => { pane.window = { center, width }; }, "window");
    return announce(t(`preset_${name}`));
  }

  reset() {
    for (const pane of this.linked ? this.panes : [this.active]) {
      pane.lengths = [];
      pane.reset();
    }
    this.tell();
  }

  /** Show or hide a layer, "mask" or "map", in both panes. */
  layer(name, on) {
    for (const pane of this.panes) {
      pane.shows[name] = on;
      if (name === "mask") pane.masked().catch((error) => pane.failed(error));
      pane.draw();
    }
    this.tell();
  }

  opacity(value) {
    for (const pane of this.panes) {
      pane.shows.opacity = value;
      pane.draw();
    }
  }

  measured(pane, line) {
    const mm = millimetres(pane.picture.meta, line.from, line.to);
    if (mm === 0) pane.lengths.pop();
    else announce(t("measured", { mm: mm.toFixed(1) }));
    pane.draw();
  }

  drew(pane) {
    const { region } = pane;
    if (!region || region.w < 2 || region.h < 2) pane.region = null;
    pane.draw();
    if (pane.region) this.drawn(pane.region);
  }

  /** Lengths and regions by key: move a cross, set its points. */
  moveCross(dx, dy) {
    const pane = this.active;
    const { meta } = pane.picture;
    const from = pane.cross ?? { x: meta.width / 2, y: meta.height / 2 };
    const held = (value, most) => Math.min(Math.max(value, 0), most);
    pane.cross = { x: held(from.x + dx, meta.width), y: held(from.y + dy, meta.height),
      from: pane.cross?.from };
    pane.draw();
  }

  setPoint() {
    const pane = this.active;
    if (!pane.cross) return this.moveCross(0, 0);
    const here = { x: pane.cross.x, y: pane.cross.y };
    const { from } = pane.cross;
    pane.cross.from = from ? null : here;
    if (!from) return announce(t("first_point"));
    if (this.tool === "length" && pane.picture.meta.spacing_mm) {
      const line = { from, to: here, frame: pane.at };
      pane.lengths.push(line);
      return this.measured(pane, line);
    }
    if (this.tool !== "region" || pane.name !== "query") return undefined;
    pane.region = { ...boxOf(pane, from, here), frame: pane.at };
    return this.drew(pane);
  }
}

/** Whether a person turned the grey levels of this film around. */
function inverted(pane) {
  return pane.inverted !== Boolean(pane.picture.meta.inverted);
}

/** As many millimetres on, where both know them; else as many slices. */
function followFrame(pane, other) {
  const [a, b] = [pane.picture.meta, other.picture.meta];
  const slices = pane.at - a.middle;
  const ratio = a.slice_spacing_mm && b.slice_spacing_mm ? a.slice_spacing_mm / b.slice_spacing_mm : 1;
  if (b.frames > 1) other.go(b.middle + Math.round(slices * ratio), false);
}

/** The same window for the same unit; else as much wider and higher than the opening one. */
function followWindow(pane, other) {
  if (pane.picture.meta.unit === "HU" && other.picture.meta.unit === "HU") {
    other.window = { ...pane.window };
    return;
  }
  const [mine, theirs] = [opening(pane.picture.meta), opening(other.picture.meta)];
  const scale = theirs.width / mine.width;
  other.window = {
    ...theirs,
    center: theirs.center + (pane.window.center - mine.center) * scale,
    width: pane.window.width * scale,
  };
}
