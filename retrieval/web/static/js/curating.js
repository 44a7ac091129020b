// What a curator may do: add the query to the archive, label a case anew, remove it.

import { announce, el } from "./elements.js";
import { ofCase } from "./address.js";
import { confirm, field, form, open } from "./dialogs.js";
import { t } from "./language.js";
import { api, Problem } from "./api.js";
import { shown } from "./texts.js";

function labelField(labels, value = "") {
  return [field("label", t("label"), { required: true, list: "labels", value, maxlength: "200" }),
    el("datalist", { id: "labels" }, labels.map((one) => el("option", { value: one })))];
}

const LOOK_MS = 500;
const LONGEST_MS = 30_000;

/** Wait until a change holds, and say so; `done(change)` is called then. Raises `Problem`. */
async function settled(change, words, done) {
  const until = Date.now() + LONGEST_MS;
  while (change.state === "waiting" || change.state === "working") {
    if (Date.now() > until) {
      open(t("change_goes_on"), el("p", {}, t("change_waits")));
      return;
    }
    await new Promise((go) => setTimeout(go, LOOK_MS));
    change = await api.change(change.change_id);
  }
  if (change.state === "failed") throw new Problem(409, change);
  announce(change.detail ? `${t(words)} ${shown(change.detail)}` : t(words));
  dispatchEvent(new CustomEvent("index-changed"));
  await done(change);
}

/** Say that a scan was added, and where it is now. */
async function showAdded({ case_id }) {
  const { generation, instances } = await api.case(case_id);
  const made = open(t("add_to_archive"), el("p", {}, t("added")),
    el("a", { class: "button", href: ofCase(generation, instances[0].instance), on: { click: () => made.close() } },
      t("case_page")));
}

/** Keep the query's scan: nothing of it is kept otherwise. */
export function addToArchive(scan, labels) {
  return form(t("add_to_archive"), [
    el("p", { class: "dim" }, t("add_lead")), labelField(labels),
    field("patient_id", t("pseudonym"), { required: true, maxlength: "64",
      pattern: "[A-Za-z0-9][A-Za-z0-9._\\-]*", title: t("pseudonym_rule") }),
    field("findings", t("findings"), { rows: "4", maxlength: "10000" }),
  ], t("add"), async (values) => {
    const body = { scan_id: scan.scan_id, ...values };
    if (!body.findings) delete body.findings;
    await settled(await api.add(body), "added", showAdded);
  });
}

/** Another label for a case; `done` is called when it holds. */
export function relabel(row, labels, done) {
  return form(t("relabel"), [el("p", {}, shown(row.case_id)), labelField(labels, row.label ?? "")],
    t("relabel"), async ({ label }) => {
      await settled(await api.relabel(row.case_id, label), "relabelled", done);
    });
}

/** Take a case out of the archive's index. */
export function remove(row, done) {
  return confirm(t("remove_case"), t("remove_lead", { case: shown(row.case_id) }), t("remove"), async () => {
    await settled(await api.remove(row.case_id), "removed", done);
  });
}
