// The pictures of a search: the query's on the left, the chosen hit's on the right.

import { el, fill } from "../elements.js";
import { t } from "../language.js";
import { listenToKeys } from "../viewer/keys.js";
import { mapLayer } from "../viewer/overlay.js";
import { Pair } from "../viewer/pair.js";
import { ofInstance, ofScan } from "../viewer/pixels.js";
import { toolbar } from "../viewer/toolbar.js";
import { shown } from "../texts.js";

/** `step(by)`: to the next hit or the one before. */
export class Films {
  constructor(asking, { step }) {
    this.asking = asking;
    this.chosen = null;
    this.pair = new Pair({
      drawn: ({ x, y, w, h, frame }) => asking.take("r", x, y, w, h, frame),
      moved: step,
    });
    this.note = el("div", { class: "map-note", "aria-live": "polite" });
    this.bar = toolbar(this.pair);
    this.node = el("section", { class: "films" }, this.bar, this.pair.node, this.note);
    this.named();
    listenToKeys(this.pair);
    this.mapped = false;
    this.pair.onChange(() => this.wanted());
  }

  named() {
    this.node.setAttribute("aria-label", t("films"));
  }

  /** A new query: show its picture, and no hit yet. */
  begin() {
    const { pair, asking } = this;
    pair.query.picture?.close();
    this.chosen = null;
    this.answer = null;
    pair.hit.show(null);
    if (asking.scan) pair.query.show(ofScan(asking.scan), about(asking.scan.patient));
    else if (asking.row === null) pair.query.show(null, "", t("words_only"));
    else this.showRow(pair.query, asking.row, asking.generation, "");
  }

  answered(answer, answering) {
    this.answer = answer;
    this.answering = answering;
    this.mappedOf = null;
  }

  /** Show the best picture of a hit. */
  async open(hit) {
    if (hit && this.chosen?.case_id === hit.case_id && this.chosen.instance === hit.instance) {
      this.chosen = hit;
      this.place();
      this.wanted();
      return;
    }
    this.chosen = hit;
    this.pair.hit.picture?.close();
    this.unmap();
    if (!hit) {
      await this.pair.hit.show(null);
      return;
    }
    const rank = hit.rank > 0 ? `${hit.rank} · ` : "";
    const generation = this.answer?.index.generation;
    await this.showRow(this.pair.hit, hit.instance, generation, `${rank}${hit.label ?? t("no_label")}`);
    this.place();
    this.wanted();
  }

  async showRow(pane, row, generation, title) {
    const mine = Symbol("picture");
    pane.wanted = mine;
    pane.show(null, title, t("loading"));
    try {
      const picture = await ofInstance(row, generation);
      if (pane.wanted !== mine) return;
      await pane.show(picture, title);
      this.pair.tell();
      if (pane === this.pair.hit) this.pair.catchUp();
    } catch (problem) {
      if (pane.wanted === mine) await pane.show(null, title, `${t("no_pixels")} ${shown(problem.message)}`);
    }
  }

  /** The region that is asked with, as the answer stands. */
  region(box) {
    this.pair.query.region = box;
    this.pair.query.draw();
  }

  /** Where the chosen hit is like the region that was asked about. */
  place() {
    const { hit } = this.pair;
    hit.region = this.chosen?.region ? { ...this.chosen.region, frame: hit.at } : null;
    hit.draw();
  }

  /** Lay maps of all of the likeness over the films, or of what sets the pair `apart`. */
  lay(told, apart) {
    const maps = apart ? told.apart : told;
    for (const name of ["query", "hit"]) {
      const map = maps[name] ?? null;
      this.pair[name].lay(map, map && mapLayer(map));
    }
    if (!told.query && !told.hit) return fill(this.note, t("no_map"));
    const kind = (say, on) => el("button", { type: "button", class: "tab", "aria-pressed": String(apart === on),
      "data-map": on ? "apart" : "all", on: { click: () => this.lay(told, on) } }, t(say));
    return fill(this.note, told.apart && [kind("map_all", false), kind("map_apart", true)], " ",
      t("map_note"));
  }

  unmap() {
    this.mappedOf = null;
    for (const pane of this.pair.panes) pane.lay(null, null);
    fill(this.note);
  }

  /** Fetch the match maps once they are looked at. */
  async wanted() {
    const { pair, chosen } = this;
    if (!pair.query.shows.map) return fill(this.note);
    if (!chosen || !this.answering || this.mappedOf === chosen.instance) return undefined;
    if (this.asking.asked.region) return fill(this.note, t("map_region"));
    this.mappedOf = chosen.instance;
    fill(this.note, t("map_coming"));
    try {
      const told = await this.answering.maps(chosen);
      if (this.mappedOf !== chosen.instance) return undefined;
      if (told.query) pair.query.go(told.query.frame ?? pair.query.at, false);
      return this.lay(told, false);
    } catch (problem) {
      if (problem.name === "AbortError" || this.mappedOf !== chosen.instance) return undefined;
      return fill(this.note, `${t("no_map")} ${shown(problem.message)}`);
    }
  }
}

function about(patient) {
  if (!patient) return "";
  const age = Number.isFinite(patient.age) ? t("years", { n: Math.round(patient.age) }) : "";
  return [patient.sex && t(`sex_${patient.sex}`), age].filter(Boolean).join(" · ");
}
