// The page of one case: its pictures, its report, and the patient's other studies.

import { button, el, fill } from "../elements.js";
import { api } from "../api.js";
import { here, ofCase, ofSearch } from "../address.js";
import { aboutCase } from "../answer/tiles.js";
import { problemCard } from "../answer/remarks.js";
import { relabel, remove } from "../curating.js";
import { t } from "../language.js";
import { may } from "../session.js";
import { shown } from "../texts.js";
import { Pair } from "../viewer/pair.js";
import { listenToKeys } from "../viewer/keys.js";
import { ofInstance } from "../viewer/pixels.js";
import { toolbar } from "../viewer/toolbar.js";

/** `asking`: knows the cases that this tab has seen; `facts`: of the index. */
export class CasePage {
  constructor(asking, facts) {
    Object.assign(this, { asking, facts });
    this.node = el("div", { class: "case-page" });
    this.pair = new Pair({ drawn: () => undefined, moved: (by) => this.stepPicture(by) });
    this.pair.node.classList.add("pair-single");
    this.bar = toolbar(this.pair);
    listenToKeys(this.pair);
  }

  get pane() {
    return this.pair.hit;
  }

  async enter() {
    const { row, generation } = here();
    fill(this.node, el("p", { class: "dim" }, t("loading")));
    try {
      const id = await this.caseAt(row, generation);
      if (!id) {
        fill(this.node, el("p", { class: "note" }, t("case_link_old")));
        return;
      }
      this.facts.generation = generation;
      this.case = await api.case(id);
      this.row = row;
      this.draw();
      await this.show(row);
    } catch (problem) {
      fill(this.node, problemCard(problem, () => this.enter()));
    }
  }

  /** The case of a row; null where it is another generation's. */
  async caseAt(row, generation) {
    if (generation === this.asking.generation) return this.asking.caseOf(row);
    try {
      return (await api.instance(row, generation)).case_id;
    } catch (problem) {
      if (problem.code === "other_generation") return null;
      throw problem;
    }
  }

  /** The same case, as the index has it now. */
  async again() {
    const told = await api.case(this.case.case_id);
    const row = told.instances[0].instance;
    history.replaceState(null, "", ofCase(told.generation, row));
    await this.enter();
  }

  draw() {
    const one = this.case;
    const labels = Object.keys(this.facts.labels ?? {});
    this.pictures = el("ul", { class: "strip", "aria-label": t("pictures_of_case") });
    this.drawPictures();
    fill(this.node,
      el("div", { class: "reading" }, el("section", { class: "films", "aria-label": t("films") }, this.bar, this.pair.node),
        one.instances.length > 1 && this.pictures),
      el("div", { class: "side" },
        el("h1", {}, shown(one.label ?? t("no_label"))),
        el("p", { class: "dim" }, aboutCase(one)),
        el("dl", { class: "facts" },
          fact("case_id", one.case_id), fact("patient", one.patient_id),
          fact("generation", one.generation), quality(one.instances)),
        el("div", { class: "row" },
          el("a", { class: "button main-action", href: ofSearch({ row: this.row, generation: this.facts.generation, steps: [], at: 0 }) }, t("ask_with_case")),
          may("curate") && button(t("relabel"), () => relabel(one, labels, () => this.again())),
          may("curate") && button(t("remove"), () => remove(one, () => { location.hash = "#/archive"; }), { class: "danger" })),
        el("section", {}, el("h2", {}, t("findings")),
          one.annotated_by && el("span", { class: "machine", title: shown(one.annotated_by) }, t("machine_made")),
          el("p", { class: "findings-full" }, one.findings ? shown(one.findings) : t("no_findings"))),
        this.others(), el("p", { class: "notice" }, t("notice"))));
  }

  others() {
    const { others } = this.case;
    if (!others?.length) return null;
    const generation = this.facts.generation;
    this.asking.remember(generation, others.filter((one) => one.instance !== undefined));
    return el("section", {}, el("h2", {}, t("same_patient")),
      el("ul", { class: "plain-list" }, others.map((one) => el("li", {},
        el("a", { href: ofCase(generation, one.instance) }, shown(one.label ?? t("no_label"))),
        " ", el("span", { class: "dim" }, aboutCase(one))))));
  }

  drawPictures() {
    fill(this.pictures, this.case.instances.map((one) => el("li", {},
      el("button", { type: "button", "aria-pressed": String(one.instance === this.row), on: { click: () => this.show(one.instance) },
        "aria-label": one.slice_index === null ? t("picture") : t("slice_n", { n: one.slice_index + 1 }) },
      el("img", { src: api.preview(one.instance, this.case.generation), alt: "", width: "64", height: "64", loading: "lazy" })))));
  }

  stepPicture(by) {
    const rows = this.case.instances.map((one) => one.instance);
    const next = rows[rows.indexOf(this.row) + by];
    if (next !== undefined) this.show(next);
  }

  async show(row) {
    this.row = row;
    this.drawPictures();
    try {
      const picture = await ofInstance(row, this.case.generation);
      if (this.row === row) await this.pane.show(picture, this.case.label ?? "");
      this.pair.choose(this.pane);
    } catch (problem) {
      if (this.row === row) await this.pane.show(null, "", `${t("no_pixels")} ${shown(problem.message)}`);
    }
  }
}

function fact(name, value) {
  if (value === null || value === undefined || value === "") return null;
  return [el("dt", {}, t(name)), el("dd", {}, shown(value))];
}

function quality(instances) {
  const found = [...new Set(instances.flatMap((one) => one.quality ?? []))];
  return found.length ? [el("dt", {}, t("quality")), found.map((one) => el("dd", { lang: "en" }, shown(one)))] : null;
}
