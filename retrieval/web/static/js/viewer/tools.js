// What a pointer does on a pane: mouse, pen and fingers alike.
//
// The left button (or one finger) has the chosen tool, the middle one moves, the right one zooms;
// two fingers zoom and move; the wheel goes through slices, and zooms where there is one.

import { inPicture, zoomAt } from "./geometry.js";

export const TOOLS = ["window", "zoom", "pan", "scroll", "length", "region"];
const STEP_PX = 12; // of a drag, for one slice

/** Listen to the pointers of `pane`. `pair`: knows the tool and takes what was drawn. */
export function listen(pane, pair) {
  const { node } = pane;
  const down = new Map();
  let drag = null;

  node.addEventListener("pointerdown", (event) => {
    if (!pane.picture || event.target === pane.slider) return;
    node.focus({ preventScroll: true });
    pair.choose(pane);
    node.setPointerCapture(event.pointerId);
    down.set(event.pointerId, event);
    drag = down.size === 1 ? begin(pane, pair, event) : null;
    event.preventDefault();
  });
  node.addEventListener("pointermove", (event) => {
    const before = down.get(event.pointerId);
    if (!before) return;
    if (down.size === 2) pinch(pane, down, event);
    else drag?.move(event, event.clientX - before.clientX, event.clientY - before.clientY);
    down.set(event.pointerId, event);
  });
  const up = (event) => {
    if (!down.delete(event.pointerId)) return;
    if (!down.size) drag?.end?.();
    drag = null;
  };
  node.addEventListener("pointerup", up);
  node.addEventListener("pointercancel", up);
  node.addEventListener("contextmenu", (event) => event.preventDefault());
  node.addEventListener("wheel", (event) => wheel(pane, event), { passive: false });
}

function begin(pane, pair, event) {
  const tool = { 1: "pan", 2: "zoom" }[event.button] ?? pair.tool;
  if (tool === "length" && !pane.picture.meta.spacing_mm) return DRAGS.window(pane);
  return DRAGS[tool](pane, pair, event);
}

/** From a point of the screen to one from the middle of the pane. */
function fromMiddle(pane, event) {
  const box = pane.node.getBoundingClientRect();
  return [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
}

/** The point of the picture under a pointer. */
export function under(pane, event) {
  const box = pane.node.getBoundingClientRect();
  return inPicture(pane.matrix, event.clientX - box.left, event.clientY - box.top);
}

/** Widen and raise the window by a drag; a drag over 400 px spans the picture's values. */
export function changeWindow(pane, dx, dy) {
  const [low, high] = pane.picture.meta.range;
  const step = Math.max(Math.min(high - low, 4000), 1e-6) / 400;
  pane.window.width = Math.max(pane.window.width + dx * step, step / 4);
  pane.window.center += dy * step;
  pane.draw();
  pane.changed(pane, "window");
}

function moveView(pane, dx, dy) {
  pane.view.x += dx;
  pane.view.y += dy;
  pane.draw();
  pane.changed(pane, "view");
}

const DRAGS = {
  window: (pane) => ({ move: (_, dx, dy) => changeWindow(pane, dx, dy) }),
  pan: (pane) => ({ move: (_, dx, dy) => moveView(pane, dx, dy) }),
  zoom: (pane, _, event) => {
    const [x, y] = fromMiddle(pane, event);
    return {
      move: (__, dx, dy) => {
        zoomAt(pane.view, 1.01 ** -dy, x, y);
        pane.draw();
        pane.changed(pane, "view");
      },
    };
  },
  scroll: (pane) => {
    let far = 0;
    return {
      move: (_, dx, dy) => {
        far += dy;
        const steps = Math.trunc(far / STEP_PX);
        if (steps) pane.go(pane.at + steps);
        far -= steps * STEP_PX;
      },
    };
  },
  length: (pane, pair, event) => {
    const line = { from: under(pane, event), to: under(pane, event), frame: pane.at };
    pane.lengths.push(line);
    return {
      move: (now) => {
        line.to = under(pane, now);
        pane.draw();
      },
      end: () => pair.measured(pane, line),
    };
  },
  region: (pane, pair, event) => {
    if (pane.name !== "query") return DRAGS.window(pane);
    const from = under(pane, event);
    return {
      move: (now) => {
        pane.region = { ...boxOf(pane, from, under(pane, now)), frame: pane.at };
        pane.draw();
      },
      end: () => pair.drew(pane),
    };
  },
};

/** The box between two points, in whole pixels within the picture. */
export function boxOf(pane, from, to) {
  const { width, height } = pane.picture.meta;
  const held = (value, most) => Math.min(Math.max(Math.round(value), 0), most);
  const [x0, x1] = [held(from.x, width), held(to.x, width)].sort((a, b) => a - b);
  const [y0, y1] = [held(from.y, height), held(to.y, height)].sort((a, b) => a - b);
  return { x: x0, y: y0, w: x1 - x0, h: y1 - y0 };
}

function pinch(pane, down, event) {
  const other = [...down.values()].find((one) => one.pointerId !== event.pointerId);
  const before = down.get(event.pointerId);
  const far = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
  const middle = { clientX: (event.clientX + other.clientX) / 2,
    clientY: (event.clientY + other.clientY) / 2 };
  const [x, y] = fromMiddle(pane, middle);
  if (far(before) > 4) zoomAt(pane.view, far(event) / far(before), x, y);
  moveView(pane, (event.clientX - before.clientX) / 2, (event.clientY - before.clientY) / 2);
}

function wheel(pane, event) {
  if (!pane.picture) return;
  event.preventDefault();
  if (pane.picture.meta.frames > 1 && !event.ctrlKey) {
    const clicks = Math.max(1, Math.min(3, Math.round(Math.abs(event.deltaY) / 100)));
    pane.go(pane.at + Math.sign(event.deltaY) * clicks);
    return;
  }
  const [x, y] = fromMiddle(pane, event);
  zoomAt(pane.view, 1.0015 ** -event.deltaY, x, y);
  pane.draw();
  pane.changed(pane, "view");
}
