// The tools above the pictures.

import { el, fill, tool } from "../elements.js";
import { t } from "../language.js";
import { PRESETS } from "./window.js";

const DRAG_TOOLS = [["window", "w"], ["zoom", "z"], ["pan", "p"], ["scroll", ""], ["length", "m"]];

/** The bar of a pair; draws itself again when the pair changes. */
export function toolbar(pair) {
  const bar = el("div", { class: "tools", role: "toolbar", "aria-label": t("tools") });
  const draw = () => {
    const focused = bar.contains(document.activeElement) && document.activeElement.dataset.tool;
    fill(bar, drags(pair), presets(pair), views(pair), slices(pair), layers(pair));
    if (focused) bar.querySelector(`[data-tool="${focused}"]`)?.focus();
  };
  pair.onChange(draw);
  draw();
  return bar;
}

function group(...children) {
  return el("div", { class: "tool-group" }, children);
}

function pressed(made, on) {
  made.setAttribute("aria-pressed", String(Boolean(on)));
  return made;
}

function drags(pair) {
  const known = Boolean(pair.active?.picture?.meta.spacing_mm);
  return group(DRAG_TOOLS.map(([name, key]) => {
    const made = pressed(tool(name, t(`tool_${name}`), () => pair.use(name), key), pair.tool === name);
    if (name === "length" && !known) {
      made.disabled = true;
      made.title = t("no_spacing");
    }
    return made;
  }));
}

function presets(pair) {
  const possible = pair.active?.picture?.meta.unit === "HU";
  if (!possible) return null;
  const choice = el("select", { "aria-label": t("presets"), title: t("presets"), "data-tool": "presets",
    on: { change: (event) => event.target.value && pair.preset(Number(event.target.value)) } },
  el("option", { value: "" }, t("presets")),
  PRESETS.map(({ name, center, width }, at) =>
    el("option", { value: String(at + 1) }, `${at + 1} ${t(`preset_${name}`)} ${width}/${center}`)));
  return group(choice);
}

function views(pair) {
  const pane = pair.active;
  return group(
    pressed(tool("invert", t("tool_invert"), () => pair.invert(), "i"),
      pane?.picture && pane.inverted !== Boolean(pane.picture.meta.inverted)),
    tool("turn_left", t("tool_turn_left"), () => pair.turn(-1), "l"),
    tool("turn_right", t("tool_turn_right"), () => pair.turn(1), "r"),
    tool("flip_h", t("tool_flip_h"), () => pair.flip(true), "h"),
    tool("flip_v", t("tool_flip_v"), () => pair.flip(false), "v"),
    tool("reset", t("tool_reset"), () => pair.reset(), t("space_key")),
    pressed(tool("link", t("tool_link"), () => pair.link(!pair.linked), "s"), pair.linked),
  );
}

function slices(pair) {
  const { cine, picture } = pair.active ?? {};
  if (!picture || picture.meta.frames < 2) return null;
  const play = tool(cine.running ? "stop" : "cine", t("tool_cine"), () => pair.cine(), "c");
  play.dataset.tool = "cine";
  return group(pressed(play, cine.running), el("input", { type: "number", class: "fps", min: "1",
    max: "60", value: String(cine.fps), "aria-label": t("fps"), title: t("fps"), "data-tool": "fps",
    on: { change: (event) => {
      cine.fps = Math.min(Math.max(Number(event.target.value) || 12, 1), 60);
    } } }));
}

function layers(pair) {
  const shows = pair.query.shows;
  return group(
    pressed(tool("mask", t("tool_mask"), () => pair.layer("mask", !shows.mask)), shows.mask),
    pressed(tool("map", t("tool_map"), () => pair.layer("map", !shows.map)), shows.map),
    (shows.mask || shows.map) && el("input", { type: "range", min: "0", max: "1", step: "0.05",
      value: String(shows.opacity), "aria-label": t("opacity"), title: t("opacity"),
      "data-tool": "opacity", on: { input: (event) => pair.opacity(Number(event.target.value)) } }),
  );
}

