// The page of the index: what it holds, how good that is, what it was built with, and its cases.

import { button, el, fill } from "../elements.js";
import { api } from "../api.js";
import { ofCase } from "../address.js";
import { aboutCase } from "../answer/tiles.js";
import { problemCard } from "../answer/remarks.js";
import { known, t } from "../language.js";
import { percent, shown } from "../texts.js";

const PAGE = 50;

export class ArchivePage {
  constructor(asking, facts) {
    Object.assign(this, { asking, facts, offset: 0, where: "" });
    this.node = el("div", { class: "archive-page", tabindex: "0", role: "region" });
    this.list = el("section", { class: "case-list" });
  }

  async enter() {
    this.node.setAttribute("aria-label", t("archive"));
    fill(this.node, el("p", { class: "dim" }, t("loading")));
    try {
      const index = await api.index();
      const facets = await api.facets();
      fill(this.node, el("h1", {}, t("archive")), el("div", { class: "cards" },
        counted(t("facet_label"), facets.label ?? index.counts.labels, index.counts.cases),
        counted(t("facet_modality"), facets.modality, index.counts.cases),
        counted(t("facet_body_part"), facets.body_part, index.counts.cases),
        counted(t("facet_sex"), facets.sex, index.counts.cases, sexName),
        built(index), quality(index), rejects(index)), this.list);
      await this.turn(0);
    } catch (problem) {
      fill(this.node, problemCard(problem, () => this.enter()));
    }
  }

  /** Show the cases from `offset` on. */
  async turn(offset) {
    try {
      const told = await api.cases(this.where, offset, PAGE);
      this.offset = offset;
      this.problem = null;
      this.facts.generation = told.generation;
      this.asking.remember(told.generation, told.cases);
      this.drawList(told);
    } catch (problem) {
      this.drawList({ total: 0, cases: [] }, problem);
    }
  }

  drawList({ total, cases }, problem = null) {
    const where = el("input", { type: "search", value: this.where, "aria-label": t("where"), id: "where",
      placeholder: "modality = 'CR' and age < 18", spellcheck: "false", autocomplete: "off", maxlength: "10000" });
    const to = Math.min(this.offset + PAGE, total);
    fill(this.list, el("h2", {}, t("cases")),
      el("form", { class: "row", role: "search", on: { submit: (event) => {
        event.preventDefault();
        this.where = where.value.trim();
        this.turn(0);
      } } }, where, el("button", { type: "submit" }, t("apply"))),
      problem && problemCard(problem),
      el("table", { class: "cases" }, el("caption", {}, t("cases_shown", { from: total ? this.offset + 1 : 0, to, total })),
        el("thead", {}, el("tr", {}, ["label", "about", "findings"].map((name) =>
          el("th", { scope: "col" }, t(name))))),
        el("tbody", {}, cases.map((one) => this.row(one)))),
      el("div", { class: "row" },
        button(t("before"), () => this.turn(Math.max(0, this.offset - PAGE)), { disabled: this.offset === 0 }),
        button(t("after"), () => this.turn(this.offset + PAGE), { disabled: to >= total })));
  }

  row(one) {
    const name = shown(one.label ?? t("no_label"));
    const short = Array.from(one.findings ?? "");
    return el("tr", {},
      el("td", { class: "case-cell" },
        el("img", { src: api.preview(one.instance, this.facts.generation), alt: "", width: "40", height: "40", loading: "lazy" }),
        el("a", { href: ofCase(this.facts.generation, one.instance) }, name,
          el("span", { class: "dim small" }, ` ${shown(one.case_id)}`))),
      el("td", {}, aboutCase(one)),
      el("td", { class: "small" }, shown(short.slice(0, 160).join("")) + (short.length > 160 ? " …" : "")));
  }
}

function sexName(value) {
  return known(`sex_${value}`) ? t(`sex_${value}`) : shown(value);
}

function card(title, ...content) {
  return el("section", { class: "card" }, el("h2", {}, title), content);
}

function counted(title, counts, all, named = shown) {
  const rows = Object.entries(counts ?? {}).sort((a, b) => b[1] - a[1]);
  if (!rows.length) return null;
  return card(title, el("table", { class: "counts" }, el("tbody", {}, rows.map(([name, n]) => el("tr", {},
    el("th", { scope: "row" }, name ? named(name) : t("unsaid")), el("td", { class: "figure" }, String(n)),
    el("td", { class: "bar-cell" }, el("span", { class: "bar-field", vars: { "--share": `${(100 * n) / Math.max(all, 1)}%` } })),
    el("td", { class: "figure dim" }, percent(n / Math.max(all, 1))))))));
}

function facts(rows) {
  return el("dl", { class: "facts" }, rows.filter(([, value]) => value !== null && value !== undefined && value !== "").map(
    ([name, value]) => [el("dt", {}, t(name)), el("dd", {}, shown(value))]));
}

function built(index) {
  const { counts } = index;
  const weights = Object.entries(index.weights ?? {}).map(([name, value]) => `${name} ${value.toFixed(2)}`).join(", ");
  return card(t("built_with"), facts([
    ["generation", index.generation], ["created", new Date(index.created).toLocaleString()],
    ["n_cases", counts.cases], ["n_patients", counts.patients], ["n_instances", counts.instances], ["n_files", counts.files],
    ["software", index.software], ["encoder", index.encoder], ["encoder_hash", index.encoder_sha256?.slice(0, 12)],
    ["weights", weights + (index.weights_learned ? ` (${t("learned_here")})` : "")],
    ["megabytes", index.bytes === undefined ? null : (index.bytes / 1e6).toFixed(1)]]));
}

function quality(index) {
  const rows = Object.entries(index.quality ?? {});
  return card(t("quality"), rows.length ? el("table", { class: "counts" }, el("tbody", {}, rows.map(([code, n]) =>
    el("tr", {}, el("th", { scope: "row" }, known(`quality_${code}`) ? t(`quality_${code}`) : shown(code)),
      el("td", { class: "figure" }, String(n)))))) : el("p", { class: "dim" }, t("no_quality")));
}

function rejects(index) {
  const rows = Object.entries(index.rejects ?? {});
  return card(t("rejects"), rows.length ? el("table", { class: "counts" }, el("tbody", {}, rows.map(([code, n]) =>
    el("tr", {}, el("th", { scope: "row", lang: "en" }, shown(code)), el("td", { class: "figure" }, String(n))))))
    : el("p", { class: "dim" }, t("no_rejects")));
}
