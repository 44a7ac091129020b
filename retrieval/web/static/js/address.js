// The address of what is seen, in the fragment. See `steps.js` for what stays out of it, and why.
//
//     #/ask?scan=RANDOM&g=GENERATION&at=STEPS DONE&do=STEPS     #/ask?like=GENERATION.ROW&...
//     #/case/GENERATION.ROW     #/archive

import { read, written } from "./steps.js";

/** What the address names: `page`, and of "ask" `scan` or `row`, `generation`, `at`, `steps`. */
export function here(hash = location.hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [page, place = ""] = path.split("/");
  if (page === "case") return { page, ...placeOf(place) };
  if (page === "archive") return { page };
  // Not URLSearchParams: it would undo the escapes inside of the steps.
  const given = Object.fromEntries(query.split("&").map((one) => one.split("=")));
  const steps = read(given.do);
  const at = Math.min(Number.parseInt(given.at ?? steps.length, 10) || 0, steps.length);
  const from = given.like ? placeOf(given.like) : {};
  return { page: "ask", scan: given.scan ? decodeURIComponent(given.scan) : null, row: from.row ?? null,
    generation: Number(given.g ?? from.generation) || 0, at, steps };
}

function placeOf(text) {
  const [generation, row] = text.split(".").map(Number);
  return Number.isInteger(generation) && Number.isInteger(row) ? { generation, row } : {};
}

/** The fragment of a search. */
export function ofSearch({ scan, row, generation, at, steps }) {
  const parts = [];
  if (scan) parts.push(`scan=${encodeURIComponent(scan)}`);
  if (row !== null && row !== undefined) parts.push(`like=${generation}.${row}`);
  if (generation) parts.push(`g=${generation}`);
  if (steps.length) parts.push(`at=${at}`, `do=${written(steps)}`);
  return parts.length ? `#/ask?${parts.join("&")}` : "#/ask";
}

/** The fragment of a case's page. */
export function ofCase(generation, row) {
  return `#/case/${generation}.${row}`;
}
