// One query at a time: the last one asked for counts, those before it are cancelled.

import { api } from "./api.js";

/** A random name for a piece of work; `randomUUID` is not there without TLS. */
function name() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (one) =>
    one.toString(16).padStart(2, "0")).join("");
}

/** Runs queries of `asking`; `told(state)` hears {busy}, {answer}, {problem}. */
export class Answering {
  constructor(asking, told) {
    this.asking = asking;
    this.told = told;
    this.work = null;
  }

  /** Ask what is asked now. */
  async run() {
    this.stop();
    const work = { id: name(), abort: new AbortController() };
    this.work = work;
    this.told({ busy: true });
    try {
      const body = { ...(await this.asking.body()), work_id: work.id };
      const answer = await api.query(body, work.abort.signal);
      if (this.work !== work) return;
      this.work = null;
      this.body = body;
      this.told({ answer });
    } catch (problem) {
      if (this.work !== work) return;
      this.work = null;
      this.told({ problem });
    }
  }

  /** Give up the query that is running, here and on the server. */
  stop() {
    if (!this.work) return;
    const { id, abort } = this.work;
    this.work = null;
    abort.abort();
    api.cancel(id).catch(() => undefined); // it may have ended meanwhile
  }

  /** Match maps of the last answer and one of its hits; null where there are none. */
  async maps(hit) {
    if (this.looking) {
      this.looking.abort.abort();
      api.cancel(this.looking.id).catch(() => undefined);
    }
    const looking = { id: name(), abort: new AbortController() };
    this.looking = looking;
    try {
      const body = { ...this.body, hit: hit.case_id, work_id: looking.id };
      return await api.maps(body, looking.abort.signal);
    } finally {
      if (this.looking === looking) this.looking = null;
    }
  }

  /** The last answer as a file. `format`: "html" or "pdf". */
  async report(format) {
    const response = await api.report({ ...this.body, work_id: name(), format });
    return response.blob();
  }
}
