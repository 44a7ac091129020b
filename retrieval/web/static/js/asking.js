// What is being asked: a scan, and the steps taken with it, back and forth.

import { ofSearch } from "./address.js";
import { api } from "./api.js";
import { after } from "./steps.js";

/** The state of one search. It is the same for all parts of the page that draw it. */
export class Asking {
  constructor() {
    this.words = []; // texts that were typed: only in memory, never in the address
    this.cases = new Map(); // row -> case id, likewise
    this.listeners = new Set();
    this.clear();
  }

  clear() {
    this.scan = null; // as POST /scans described it
    this.row = null; // or the row of an archive's case that asks
    this.generation = 0;
    this.steps = [];
    this.at = 0;
  }

  onChange(listener) {
    this.listeners.add(listener);
  }

  tell(what) {
    for (const listener of this.listeners) listener(what);
  }

  /** What is asked now, with its words. */
  get asked() {
    const asked = after(this.steps.slice(0, this.at));
    return { ...asked, words: asked.text === null ? "" : this.words[asked.text] ?? "" };
  }

  /** Whether words of an earlier visit were asked for, which no address holds. */
  get forgotten() {
    const { text } = after(this.steps.slice(0, this.at));
    return text !== null && this.words[text] === undefined;
  }

  /** Whether there is anything to ask with. */
  get anything() {
    return Boolean(this.scan || this.row !== null || this.asked.words);
  }

  /** Begin anew with a scan, or a row of the archive, or words alone. */
  begin({ scan = null, row = null, words = "" }) {
    const { generation } = this;
    if (this.scan && this.scan !== scan) api.forget(this.scan.scan_id).catch(() => undefined);
    this.clear();
    Object.assign(this, { scan, row, generation });
    if (words) this.steps = [this.textStep(words)];
    this.at = this.steps.length;
    this.push();
    this.tell("begun");
  }

  /** Take one more step; those that were undone are forgotten. */
  take(...step) {
    this.takeAll([step]);
  }

  takeAll(steps) {
    this.steps = [...this.steps.slice(0, this.at), ...steps.map((step) => step.map(String))];
    this.at = this.steps.length;
    this.push();
    this.tell("step");
  }

  /** Search with these words as well. */
  say(words) {
    if (words === this.asked.words) return;
    this.takeAll([this.textStep(words)]);
  }

  textStep(words) {
    if (!words) return ["t", ""];
    this.words.push(words);
    return ["t", String(this.words.length - 1)];
  }

  get canUndo() { return this.at > (this.scan || this.row !== null ? 0 : 1); }
  get canRedo() { return this.at < this.steps.length; }

  go(by) {
    const to = this.at + by;
    if (to < 0 || to > this.steps.length || (by < 0 && !this.canUndo)) return;
    this.at = to;
    this.push();
    this.tell("step");
  }

  push() {
    history.pushState(null, "", ofSearch({ ...this, scan: this.scan?.scan_id }));
  }

  /** Remember which case a row is, so that a mark on it can be asked with. */
  remember(generation, hits) {
    if (generation !== this.generation) this.cases.clear();
    this.generation = generation;
    for (const hit of hits) this.cases.set(String(hit.instance), hit.case_id);
  }

  /** The case of a row; asks the server if this tab has not seen it. Raises `Problem`. */
  async caseOf(row) {
    if (!this.cases.has(String(row))) {
      const told = await api.instance(row, this.generation).catch((problem) => {
        if (problem.code === "other_generation") return {};
        throw problem;
      });
      if (!told.case_id) return null;
      this.cases.set(String(row), told.case_id);
    }
    return this.cases.get(String(row));
  }

  /** The body of POST /queries. Marks and cases of another generation are left out. */
  async body() {
    const asked = this.asked;
    const { region } = asked;
    if (region && this.scan) {  // it alone is compared: the server refuses the rest beside it
      return { scan_id: this.scan.scan_id, k: asked.k, filters: filtersOf(asked.filters), region };
    }
    const marked = async (as) => {
      const rows = Object.keys(asked.marks).filter((row) => asked.marks[row] === as);
      return (await Promise.all(rows.map((row) => this.caseOf(row)))).filter(Boolean);
    };
    const body = {
      text: asked.words, k: asked.k, weights: asked.weights, filters: filtersOf(asked.filters),
      like: await marked("l"), unlike: await marked("u"),
      refine: asked.refine ? "diagnosis" : null, spread: asked.spread,
    };
    if (this.scan) body.scan_id = this.scan.scan_id;
    else if (this.row !== null) body.case_id = await this.caseOf(this.row);
    return body;
  }
}

function filtersOf(filters) {
  const found = { ...filters };
  if (found.age) found.age = found.age.map(Number);
  return found;
}
