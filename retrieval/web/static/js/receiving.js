// A scan comes in: dropped, picked, or pasted.

import { announce, button, el, fill, icon } from "./elements.js";
import { t } from "./language.js";
import { send } from "./api.js";

/** All files of what was dropped, folders walked through, in order of their names. */
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files];
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry, found) {
  if (entry.isFile) {
    found.push(await new Promise((done, fail) => entry.file(done, fail)));
    return;
  }
  const reader = entry.createReader();
  for (;;) { // a reader gives at most 100 entries at a time
    const some = await new Promise((done, fail) => reader.readEntries(done, fail));
    if (!some.length) return;
    for (const one of some) await walk(one, found);
  }
}

/** Names of a series' files in order; hidden files and a disc's directory are not pictures. */
function pictures(files) {
  return [...files]
    .filter((file) => !file.name.startsWith(".") && file.name.toUpperCase() !== "DICOMDIR")
    .sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
}

/** The place where a scan is handed in. `received(scan)`, `failed(problem)` hear what came of it. */
export class Receiving {
  constructor({ received, failed, allowed }) {
    Object.assign(this, { received, failed, allowed });
    this.files = this.picker({ multiple: true });
    this.folder = this.picker({ multiple: true, webkitdirectory: true });
    this.state = el("div", { class: "sending", hidden: true });
    this.node = el("div", { class: "drop" });
    this.draw();
    this.listen();
  }

  picker(given) {
    return el("input", { type: "file", class: "unseen", tabindex: "-1", "aria-hidden": "true", ...given,
      on: { change: (event) => {
        this.take(event.target.files);
        event.target.value = "";
      } } });
  }

  draw() {
    fill(this.node,
      el("div", { class: "drop-sign" }, icon("drop")),
      el("p", { class: "drop-lead" }, t("drop_here")),
      el("p", { class: "dim" }, t("drop_kinds")),
      el("div", { class: "row" },
        button(t("choose_files"), () => this.files.click(), { class: "main-action" }),
        button(t("choose_folder"), () => this.folder.click())),
      this.files, this.folder);
    this.files.setAttribute("aria-label", t("choose_files"));
    this.folder.setAttribute("aria-label", t("choose_folder"));
  }

  listen() {
    const over = (event) => {
      if (!this.allowed() || ![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      document.body.classList.add("dropping");
    };
    addEventListener("dragenter", over);
    addEventListener("dragover", over);
    addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) document.body.classList.remove("dropping");
    });
    addEventListener("drop", async (event) => {
      document.body.classList.remove("dropping");
      if (!this.allowed()) return;
      event.preventDefault();
      this.take(await dropped(event.dataTransfer));
    });
    addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (!files.length || !this.allowed()) return;
      event.preventDefault();
      this.take(files);
    });
  }

  /** Send these files as one scan; another one on its way is given up. */
  async take(list) {
    const files = pictures(list);
    if (!files.length) return;
    this.stop();
    const sending = new AbortController();
    this.sending = sending;
    this.progress(0, files.length);
    announce(t("sending", { n: files.length }));
    try {
      const scan = await send(files, (share) => this.progress(share, files.length), sending.signal);
      if (this.sending === sending) this.received(scan);
    } catch (error) {
      if (this.sending === sending && error.name !== "AbortError") this.failed(error);
    } finally {
      if (this.sending === sending) {
        this.sending = null;
        this.state.hidden = true;
      }
    }
  }

  stop() {
    this.sending?.abort();
    this.sending = null;
    this.state.hidden = true;
  }

  /** `share`: of what is sent, 0..1; null while the server reads it. */
  progress(share, files) {
    const said = share === null ? t("reading") : t("sending_share", {
      percent: Math.round(100 * share), files: files > 1 ? t("files", { n: files }) : "" });
    const meter = el("progress", { max: "1", "aria-label": said, ...(share === null ? {} : { value: share }) });
    if (share === null) announce(said);
    this.state.hidden = false;
    fill(this.state, meter, el("span", {}, said), button(t("stop"), () => this.stop()));
  }
}
