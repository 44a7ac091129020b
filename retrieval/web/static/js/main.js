// The page: who is here, where he is, and what the address names.

import { here, ofSearch } from "./address.js";
import { api } from "./api.js";
import { Asking } from "./asking.js";
import { keysHelp } from "./dialogs.js";
import { el, fill, tool } from "./elements.js";
import { LANGUAGES, begin, language, t, use } from "./language.js";
import { AskPage } from "./pages/ask.js";
import { ArchivePage } from "./pages/archive.js";
import { CasePage } from "./pages/case.js";
import { load, may, session, signInPage, signedOut, whoIsHere } from "./session.js";
import { problemCard } from "./answer/remarks.js";
import { shown } from "./texts.js";

const place = document.getElementById("main");
const asking = new Asking();
const facts = {};
let pages = null;
let seen = null;

/** What is known of the index: the sliders and filters need it, and every page says its generation. */
async function learn() {
  const [index, facets] = await Promise.all([api.index(), api.facets()]);
  Object.assign(facts, { generation: index.generation, cases: index.counts.cases, weights: index.weights,
    labels: facets.label ?? index.counts.labels, facets, encoder: index.encoder, software: index.software });
  asking.generation = asking.generation || index.generation;
  versions();
}

/** What answered, in the foot of the page; of an answer if there is one. */
function versions(answer = null) {
  const software = answer?.software?.version ?? facts.software;
  const encoder = answer?.software?.encoder ?? facts.encoder;
  if (answer) facts.generation = answer.index.generation;
  const parts = [software && t("version", { version: shown(String(software).replace(/^cbir /, "")) }),
    encoder && t("encoder_is", { encoder: shown(encoder) }),
    facts.generation && t("generation_is", { n: facts.generation })];
  document.getElementById("versions").textContent = parts.filter(Boolean).join(" · ");
}

function bar(page) {
  const link = (name, hash, current) => el("a", { href: hash, "aria-current": current ? "page" : null }, t(name));
  const choice = el("select", { "aria-label": t("language"), id: "language", on: { change: (event) => use(event.target.value) } },
    Object.entries(LANGUAGES).map(([name, one]) => el("option", { value: name, lang: name }, one.name)));
  choice.value = language();
  fill(document.getElementById("bar"), el("span", { class: "brand" }, "cbir"),
    !signedOut() && el("nav", { "aria-label": t("pages") },
      link("ask", ofSearch({ ...asking, scan: asking.scan?.scan_id }), page === "ask"), link("archive", "#/archive", page === "archive")),
    el("span", { class: "space" }), whoIsHere(enter), tool("help", t("keys"), keysHelp, "?"), choice);
}

/** Show what the address names. */
async function enter() {
  const { page } = here();
  bar(page);
  document.title = `${t(page === "ask" ? "ask" : page === "case" ? "case_page" : "archive")} · cbir`;
  if (signedOut()) {
    seen = null;
    signInPage(place, () => start());
    return;
  }
  pages ??= { ask: new AskPage(asking, facts, versions), case: new CasePage(asking, facts),
    archive: new ArchivePage(asking, facts) };
  const next = pages[page];
  if (seen !== next) fill(place, next.node);
  seen = next;
  await next.enter();
}

async function start() {
  try {
    await load();
    if (!signedOut()) await learn();
    await enter();
  } catch (problem) {
    bar("ask");
    fill(place, problemCard(problem, start));
  }
}

addEventListener("popstate", () => { if (session.may.length || signedOut()) enter(); });
addEventListener("language", () => {
  pages = null; // drawn anew, in the other language
  seen = null;
  asking.listeners.clear();
  versions();
  if (session.may.length || signedOut()) enter();
});
addEventListener("index-changed", () => { learn().catch(() => undefined); }); // told by the next request
addEventListener("signed-out", () => {
  if (session.user) {
    session.user = null;
    session.may = [];
    enter();
  }
});
addEventListener("keydown", (event) => {
  const writing = event.target.matches?.("input:not([type=range]):not([type=checkbox]), textarea, select");
  if (event.key === "?" && !writing && !document.querySelector("dialog[open]")) keysHelp();
  if (!(event.ctrlKey || event.metaKey) || writing || seen !== pages?.ask || !may("ask")) return;
  const key = event.key.toLowerCase();
  if (key === "z" && !event.shiftKey) asking.go(-1);
  else if (key === "y" || (key === "z" && event.shiftKey)) asking.go(1);
  else return;
  event.preventDefault();
});

begin();
start();
