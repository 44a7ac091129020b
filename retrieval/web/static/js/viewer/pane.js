// One pane: a picture on a canvas, with what is known of it in the corners.

import { el, fill } from "../elements.js";
import { t } from "../language.js";
import { shown } from "../texts.js";
import { drawPane } from "./drawing.js";
import { aspect, fitted, marks, placed, upright } from "./geometry.js";
import { maskLayer } from "./overlay.js";
import { levels, opening, paint, shiftOf } from "./window.js";

/**
 * `name`: "query" or "hit". `changed(pane, what)` is called after a person changed the view, so that
 * the other pane can follow; `what`: "view", "window", "frame".
 */
export class Pane {
  constructor(name, changed) {
    this.name = name;
    this.changed = changed;
    this.picture = null;
    this.title = "";
    this.lengths = [];
    this.layers = { mask: null, map: null };
    this.shows = { mask: false, map: false, opacity: 0.5 };
    this.canvas = el("canvas", { class: "film", role: "img", "aria-label": t(`pane_${name}`) });
    this.marks = Object.fromEntries(["left", "right", "top", "bottom"].map((side) =>
      [side, el("span", { class: `mark mark-${side}` })]));
    this.corner = el("div", { class: "corner corner-low" });
    this.head = el("div", { class: "corner corner-high" });
    this.slider = el("input", { type: "range", class: "slices", min: "0", step: "1", hidden: true,
      on: { input: () => this.go(Number(this.slider.value)) } });
    this.empty = el("p", { class: "pane-empty" });
    this.node = el("div", { class: "pane", tabindex: "0", role: "group", "data-pane": name },
      this.canvas, this.empty, Object.values(this.marks), this.head, this.corner, this.slider);
    this.off = new OffscreenCanvas(1, 1);
    new ResizeObserver(() => this.draw()).observe(this.node);
    this.reset();
  }

  /** Show a picture (or none), from its own window and its middle slice on. */
  async show(picture, title = "", empty = "") {
    this.picture = picture;
    this.title = title;
    this.empty.textContent = empty;
    this.layers = { mask: null, map: null };
    this.lengths = [];
    this.map = null;
    this.drawn = null;
    this.data = null;
    this.at = picture ? picture.meta.middle : 0;
    this.reset();
    if (!picture) return this.draw();
    this.slider.max = String(picture.meta.frames - 1);
    return this.go(this.at, false);
  }

  /** The view as it was opened, and the window too; the slice stays. */
  reset() {
    this.view = upright();
    this.inverted = Boolean(this.picture?.meta.inverted);
    this.window = this.picture ? opening(this.picture.meta) : { center: 127.5, width: 255 };
    this.draw();
  }

  /** Go to a frame. `tell`: whether the other pane is told. */
  async go(n, tell = true) {
    const { picture } = this;
    if (!picture) return;
    const step = n < this.at ? -1 : 1;
    this.at = Math.min(Math.max(Math.round(n), 0), picture.meta.frames - 1);
    if (tell) this.changed(this, "frame");
    const at = this.at;
    try {
      const frame = await picture.frame(at);
      if (this.picture !== picture || this.at !== at) return;
      this.data = frame;
      this.drawn = null;
      this.empty.textContent = "";
      await this.masked();
      picture.ahead(at, step);
    } catch (error) {
      if (this.picture === picture) this.failed(error);
    }
    this.draw();
  }

  failed(error) {
    this.data = null;
    this.empty.textContent = `${t("no_pixels")} ${shown(error.message)}`;
  }

  /** Fetch the mask of the frame that is shown, if masks are. */
  async masked() {
    const { picture, at } = this;
    this.layers.mask = null;
    this.maskless = false;
    if (!this.shows.mask || !picture) return;
    const mask = await picture.mask(at);
    if (this.picture !== picture || this.at !== at) return;
    this.maskless = !mask;
    if (mask) this.layers.mask = maskLayer(mask, picture.meta.width, picture.meta.height);
    this.draw();
  }

  /** Lay a match map over one frame, or none. */
  lay(map, layer) {
    this.map = map;
    this.layers.map = layer;
    this.draw();
  }

  /** The matrix from the picture to CSS px of the pane. */
  get matrix() {
    return placed(this.picture.meta, this.view, this.node.clientWidth, this.node.clientHeight);
  }

  /** CSS px for one pixel of the picture, as a number to show: 1 is one to one. */
  get zoom() {
    const { meta } = this.picture;
    const fit = fitted(meta, this.view.turned, this.node.clientWidth, this.node.clientHeight);
    return fit * this.view.scale * Math.min(...aspect(meta));
  }

  /** Draw soon; many calls make one drawing. */
  draw() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      this.paint();
      drawPane(this);
      this.tell();
    });
  }

  /** Bring the frame through the window into the canvas behind, if either changed. */
  paint() {
    if (!this.picture || !this.data) return;
    const { meta } = this.picture;
    const key = `${this.at}|${this.window.center}|${this.window.width}|${this.inverted}`;
    if (this.drawn === key) return;
    if (this.off.width !== meta.width || this.off.height !== meta.height || !this.image) {
      this.off = new OffscreenCanvas(meta.width, meta.height);
      this.image = new ImageData(meta.width, meta.height);
    }
    const pixels = new Uint32Array(this.image.data.buffer);
    paint(this.data, meta.samples, shiftOf(meta), levels(meta, this.window, this.inverted), pixels);
    this.off.getContext("2d").putImageData(this.image, 0, 0);
    this.drawn = key;
  }

  /** Write the corners, the marks and what a screen reader is told. */
  tell() {
    const { picture } = this;
    this.slider.hidden = !picture || picture.meta.frames < 2;
    this.slider.setAttribute("aria-label", t("slice_slider", { pane: t(`pane_${this.name}`) }));
    this.slider.value = String(this.at);
    const sides = picture ? marks(picture.meta.orientation, this.matrix) : {};
    for (const [side, node] of Object.entries(this.marks)) node.textContent = shown(sides[side] ?? "");
    fill(this.head, el("strong", {}, t(`pane_${this.name}`)), " ", shown(this.title));
    const lines = picture ? this.lines() : [];
    fill(this.corner, lines.map((line) => el("div", {}, line)));
    const label = [t(`pane_${this.name}`), this.title, ...lines].filter(Boolean).join(", ");
    this.canvas.setAttribute("aria-label", shown(label));
    this.canvas.dataset.drawn = picture && this.data ? "yes" : "no";
    this.canvas.dataset.mask = this.shows.mask && this.layers.mask ? "yes" : "no";
    this.node.setAttribute("aria-label", t(`pane_${this.name}`));
  }

  lines() {
    const { meta } = this.picture;
    const digits = this.window.width < 10 ? 2 : 0;
    const [center, width] = [this.window.center, this.window.width].map((one) => one.toFixed(digits));
    return [
      meta.frames > 1 && t("slice_of", { n: this.at + 1, all: meta.frames }),
      t("window_of", { center, width, unit: meta.unit }),
      t("zoom_of", { percent: Math.round(100 * this.zoom) }),
      meta.preview && t("preview_only"),
      this.shows.mask && this.maskless && t("no_mask"),
    ].filter(Boolean);
  }
}
