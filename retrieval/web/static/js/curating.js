// What a curator may do: add the query to the archive, label a case anew, remove it.

import { announce, el } from "./elements.js";
import { confirm, field, form } from "./dialogs.js";
import { t } from "./language.js";
import { api } from "./api.js";
import { shown } from "./texts.js";

function labelField(labels, value = "") {
  return [field("label", t("label"), { required: true, list: "labels", value, maxlength: "200" }),
    el("datalist", { id: "labels" }, labels.map((one) => el("option", { value: one })))];
}

/** Keep the query's scan: nothing of it is kept otherwise. */
export function addToArchive(scan, labels) {
  return form(t("add_to_archive"), [
    el("p", { class: "dim" }, t("add_lead")), labelField(labels),
    field("patient_id", t("pseudonym"), { required: true, maxlength: "64" }),
    field("findings", t("findings"), { rows: "4", maxlength: "10000" }),
  ], t("add"), async (values) => {
    const body = { scan_id: scan.scan_id, ...values };
    if (!body.findings) delete body.findings;
    await api.add(body);
    announce(t("added"));
  });
}

/** Another label for a case; `done` is called when it holds. */
export function relabel(row, labels, done) {
  return form(t("relabel"), [el("p", {}, shown(row.case_id)), labelField(labels, row.label ?? "")],
    t("relabel"), async ({ label }) => {
      await api.relabel(row.case_id, label);
      announce(t("relabelled"));
      done();
    });
}

/** Take a case out of the archive's index. */
export function remove(row, done) {
  return confirm(t("remove_case"), t("remove_lead", { case: shown(row.case_id) }), t("remove"), async () => {
    await api.remove(row.case_id);
    announce(t("removed"));
    done();
  });
}
