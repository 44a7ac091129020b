// The page on which a scan is handed in, and the answer is read.

import { announce, button, el, fill } from "../elements.js";
import { api } from "../api.js";
import { Answering } from "../answering.js";
import { diagnosisCard } from "../answer/diagnosis.js";
import { problemCard, qualityStrip, remarkList } from "../answer/remarks.js";
import { againstLane, lanes } from "../answer/tiles.js";
import { here, ofSearch } from "../address.js";
import { t } from "../language.js";
import { Receiving } from "../receiving.js";
import { Refining } from "../refine/panel.js";
import { may } from "../session.js";
import { addToArchive } from "../curating.js";
import { shown } from "../texts.js";
import { Films } from "./films.js";

/** One for the page's whole life: `asking` is what is asked, `facts` what is known of the index. */
export class AskPage {
  constructor(asking, facts, versions) {
    Object.assign(this, { asking, facts, versions, answer: null, problem: null, busy: false });
    this.node = el("div", { class: "ask" });
    this.films = new Films(asking, { step: (by) => this.stepHit(by) });
    this.refining = new Refining(asking, this.films.pair, facts);
    this.answering = new Answering(asking, (state) => this.hear(state));
    this.receiving = new Receiving({
      received: (scan) => asking.begin({ scan }),
      failed: (problem) => this.hear({ problem }),
      allowed: () => may("ask") && this.node.isConnected,
    });
    this.remarks = el("div", {});
    this.results = el("div", { class: "results", tabindex: "0", role: "region" });
    this.against = el("div", { class: "against" });
    this.tools = el("div", { class: "top-row" });
    asking.onChange((what) => this.asked(what));
  }

  /** Draw, for what the address names. */
  async enter() {
    const wanted = here();
    const { asking } = this;
    const same = (asking.scan?.scan_id ?? null) === wanted.scan && asking.row === wanted.row;
    asking.steps = wanted.steps;
    asking.at = wanted.at;
    if (!same) {
      Object.assign(asking, { scan: null, row: wanted.row });
      if (wanted.scan) await this.fetchScan(wanted.scan);
    }
    if (wanted.generation && this.facts.generation && wanted.generation !== this.facts.generation) {
      asking.cases.clear();
    }
    asking.generation = this.facts.generation ?? wanted.generation;
    if (same && this.entered === this.key) this.draw();
    else this.asked(same && this.entered ? "step" : "begun");
  }

  /** What is asked and of which generation: the same key needs no second query. */
  get key() {
    return `${ofSearch({ ...this.asking, scan: this.asking.scan?.scan_id })}|${this.facts.generation}`;
  }

  async fetchScan(scan) {
    try {
      this.asking.scan = await api.scan(scan);
    } catch (problem) {
      problem.code = problem.status === 404 ? "scan_gone" : problem.code;
      this.problem = problem;
    }
  }

  /** What is asked has changed. */
  asked(what) {
    const { asking } = this;
    this.entered = this.key;
    if (what === "begun") {
      this.answer = null;
      this.films.begin();
    }
    if (asking.anything) {
      this.problem = null;
      this.answering.run();
    } else {
      this.answering.stop();
      this.busy = false;
      this.answer = null;
    }
    this.films.region(asking.asked.region);
    this.draw();
  }

  hear({ busy = false, answer = null, problem = null }) {
    this.busy = busy;
    this.problem = problem;
    if (answer) {
      this.answer = answer;
      const all = [...answer.hits, ...answer.priors, ...(answer.against ? [answer.against] : [])];
      this.asking.remember(answer.index.generation, all);
      this.versions(answer);
      const chosen = all.find((hit) => hit.instance === this.films.chosen?.instance) ?? answer.hits[0];
      this.films.answered(answer, this.answering);
      this.films.open(chosen ?? null);
      announce(t("answered", { n: answer.hits.length,
        label: answer.diagnosis.label ? shown(answer.diagnosis.label) : t("no_suggestion") }));
    }
    if (busy) announce(t("working"));
    this.draw();
  }

  stepHit(by) {
    const hits = this.answer?.hits ?? [];
    const at = hits.findIndex((hit) => hit.instance === this.films.chosen?.instance);
    const next = hits[at + by];
    if (!next) return;
    this.films.open(next);
    this.drawResults();
    this.results.querySelector(`[data-instance="${next.instance}"]`)?.scrollIntoView({ block: "nearest" });
  }

  draw() {
    const { asking } = this;
    const started = asking.anything || Boolean(this.answer);
    this.receiving.draw();
    this.node.classList.toggle("ask-started", started);
    if (!started) {
      fill(this.node, this.welcome());
      return;
    }
    this.refining.draw();
    fill(this.remarks, qualityStrip(asking.scan?.quality));
    this.drawTop();
    this.drawResults();
    if (this.films.node.parentNode?.parentNode !== this.node) {
      fill(this.node, this.remarks, this.receiving.state,
        el("div", { class: "reading" }, this.films.node, this.refining.node),
        el("div", { class: "side" }, this.tools, this.results, this.against));
    }
  }

  welcome() {
    const words = el("input", { type: "search", id: "first-words", maxlength: "2000",
      placeholder: t("words_alone_hint"), "aria-label": t("words_alone"), autocomplete: "off" });
    return el("div", { class: "welcome" },
      el("h1", {}, t("welcome")),
      this.problem && problemCard(this.problem),
      may("ask") ? [this.receiving.node, this.receiving.state,
        el("form", { class: "row words-alone", role: "search", on: { submit: (event) => {
          event.preventDefault();
          if (words.value.trim()) this.asking.begin({ words: words.value.trim() });
        } } }, words, el("button", { type: "submit" }, t("search")))]
        : el("p", {}, t("may_not_ask")),
      this.facts.cases !== undefined
        && el("p", { class: "dim" }, t("archive_line", { cases: this.facts.cases, generation: this.facts.generation })),
      el("p", { class: "dim small" }, t("nothing_kept")));
  }

  drawTop() {
    const { asking } = this;
    const report = (format) => button(t(`report_${format}`), () => this.save(format),
      { class: "quiet", disabled: !this.answer || this.busy });
    fill(this.tools,
      button(t("another_scan"), () => asking.begin({}), { class: "quiet" }),
      el("span", { class: "dim small" }, t("report")), report("html"), report("pdf"),
      may("curate") && asking.scan && button(t("add_to_archive"), () =>
        addToArchive(asking.scan, Object.keys(this.facts.labels ?? {})), { class: "quiet" }));
  }

  async save(format) {
    try {
      const blob = await this.answering.report(format);
      const link = el("a", { href: URL.createObjectURL(blob), download: `cbir-answer.${format}` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    } catch (problem) {
      this.hear({ problem });
    }
  }

  drawResults() {
    const { asking, answer, results } = this;
    const top = results.scrollTop;
    results.setAttribute("aria-label", t("answer"));
    results.setAttribute("aria-busy", String(this.busy));
    const used = { generation: answer?.index.generation, marks: asking.asked.marks,
      chosen: this.films.chosen?.instance,
      open: (hit) => { this.films.open(hit); this.drawResults(); },
      mark: (hit, as) => asking.take("m", hit.instance, as) };
    const focus = keepFocus(results);
    fill(results,
      this.busy && el("div", { class: "working" }, el("progress", { "aria-label": t("working") }),
        el("span", {}, t("working")), button(t("stop"), () => {
          this.answering.stop();
          this.hear({});
        })),
      this.problem && problemCard(this.problem, () => this.asked("step")),
      asking.forgotten && el("p", { class: "note" }, t("words_forgotten")),
      answer && [el("div", { class: this.busy ? "stale" : "" },
        diagnosisCard(answer.diagnosis, Boolean(asking.scan || asking.row !== null)),
        remarkList(answer.remarks), lanes(answer, used), el("p", { class: "notice" }, t("notice")))]);
    fill(this.against, answer && againstLane(answer, used));
    focus();
    results.scrollTop = top;
  }
}

/** Remember which control of which tile had the focus, to give it back when all is drawn anew. */
function keepFocus(place) {
  const at = place.contains(document.activeElement) ? document.activeElement : null;
  if (!at) return () => undefined;
  const tile = at.closest("[data-instance]");
  const [instance, name] = [tile?.dataset.instance, at.className];
  return () => {
    const again = instance && name
      && place.querySelector(`[data-instance="${instance}"] .${name.split(" ").join(".")}`);
    (again || place).focus({ preventScroll: true });
  };
}
