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
    else this.showRow(pair.query, asking.row, "");
  }

  answered(answer, answering) {
    this.answer = answer;
    this.answering = answering;
    this.mappedOf = null;
  }

  /** Show the best picture of a hit. */
  async open(hit) {
    if (hit && this.chosen?.instance === hit.instance) {
      this.chosen = hit;
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
    await this.showRow(this.pair.hit, hit.instance, `${rank}${hit.label ?? t("no_label")}`);
    this.wanted();
  }

  async showRow(pane, row, title) {
    const mine = Symbol("picture");
    pane.wanted = mine;
    pane.show(null, title, t("loading"));
    try {
      const picture = await ofInstance(row);
      if (pane.wanted !== mine) return;
      await pane.show(picture, title);
      this.pair.tell();
      if (this.pair.linked && pane === this.pair.hit) this.pair.follow(this.pair.query, "view");
    } catch (problem) {
      if (pane.wanted === mine) await pane.show(null, title, `${t("no_pixels")} ${shown(problem.message)}`);
    }
  }

  /** The region that is asked with, as the answer stands. */
  region(box) {
    this.pair.query.region = box;
    this.pair.query.draw();
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
    this.mappedOf = chosen.instance;
    fill(this.note, t("map_coming"));
    try {
      const told = await this.answering.maps(chosen);
      if (this.mappedOf !== chosen.instance) return undefined;
      pair.query.lay(told.query, told.query && mapLayer(told.query));
      pair.hit.lay(told.hit, told.hit && mapLayer(told.hit));
      this.apart = told;
      if (told.query && told.query.frame !== undefined) pair.query.go(told.query.frame ?? pair.query.at, false);
      return fill(this.note, t(told.query || told.hit ? "map_note" : "no_map"));
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
