// A pane onto its canvas: the film, what is laid over it, lengths, a region, a scale.

import { millimetres } from "./geometry.js";

const INK = "#ffd54a";

/** Draw all of a pane, in device pixels. */
export function drawPane(pane) {
  const { canvas, node } = pane;
  const ratio = globalThis.devicePixelRatio || 1;
  const [width, height] = [node.clientWidth, node.clientHeight];
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (!pane.picture || !pane.data) return;
  const matrix = new DOMMatrix().scaleSelf(ratio, ratio).multiplySelf(pane.matrix);
  film(context, pane, matrix);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  for (const line of pane.lengths) if (line.frame === pane.at) length(context, pane, line);
  if (pane.region && pane.region.frame === pane.at) region(context, pane);
  if (pane.cross) cross(context, pane);
  if (pane.picture.meta.spacing_mm) scale(context, pane, width, height);
}

function film(context, pane, matrix) {
  context.setTransform(matrix);
  context.imageSmoothingEnabled = pane.zoom < 3;
  context.imageSmoothingQuality = pane.zoom < 1 ? "high" : "low";
  context.drawImage(pane.off, 0, 0);
  const { width, height } = pane.picture.meta;
  context.imageSmoothingEnabled = true;
  context.globalAlpha = pane.shows.opacity;
  if (pane.shows.mask && pane.layers.mask) context.drawImage(pane.layers.mask, 0, 0);
  const here = pane.map && (pane.map.frame ?? pane.at) === pane.at;
  if (pane.shows.map && pane.layers.map && here) {
    context.drawImage(pane.layers.map, 0, 0, width, height);
  }
  context.globalAlpha = 1;
}

function length(context, pane, line) {
  const [from, to] = [line.from, line.to].map((one) => onScreen(pane, one));
  stroke(context, () => { context.moveTo(from.x, from.y); context.lineTo(to.x, to.y); });
  for (const end of [from, to]) {
    stroke(context, () => context.arc(end.x, end.y, 3, 0, 2 * Math.PI));
  }
  const told = `${millimetres(pane.picture.meta, line.from, line.to).toFixed(1)} mm`;
  write(context, told, to.x + 8, to.y - 8);
}

function region(context, pane) {
  const { x, y, w, h } = pane.region;
  const corners = [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]
    .map(([a, b]) => onScreen(pane, { x: a, y: b }));
  context.setLineDash([6, 4]);
  stroke(context, () => {
    corners.forEach((one, at) => (at ? context.lineTo(one.x, one.y) : context.moveTo(one.x, one.y)));
    context.closePath();
  });
  context.setLineDash([]);
}

function cross(context, pane) {
  const { x, y } = onScreen(pane, pane.cross);
  stroke(context, () => {
    context.moveTo(x - 12, y);
    context.lineTo(x + 12, y);
    context.moveTo(x, y - 12);
    context.lineTo(x, y + 12);
  });
}

/** A bar of a round number of millimetres, about a fifth of the pane wide. */
function scale(context, pane, width, height) {
  const [row, column] = pane.picture.meta.spacing_mm;
  const pxOfMm = pane.zoom / Math.min(row, column);
  const wanted = width / 5 / pxOfMm;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const mm = [5, 2, 1].map((one) => one * power).find((one) => one <= wanted) ?? power;
  const [x, y, w] = [width / 2 - (mm * pxOfMm) / 2, height - 12, mm * pxOfMm];
  stroke(context, () => {
    context.moveTo(x, y - 4);
    context.lineTo(x, y);
    context.lineTo(x + w, y);
    context.lineTo(x + w, y - 4);
  }, "#e6e9ee");
  write(context, mm >= 10 ? `${mm / 10} cm` : `${mm} mm`, x + w + 6, y + 2, "#e6e9ee");
}

function onScreen(pane, point) {
  return pane.matrix.transformPoint(new DOMPoint(point.x, point.y));
}

/** A line that is seen on black and on white. */
function stroke(context, path, ink = INK) {
  for (const [width, colour] of [[4, "rgb(0 0 0 / 0.6)"], [1.8, ink]]) {
    context.beginPath();
    path();
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
}

function write(context, text, x, y, ink = INK) {
  context.font = "13px system-ui, sans-serif";
  context.lineWidth = 3;
  context.strokeStyle = "rgb(0 0 0 / 0.8)";
  context.strokeText(text, x, y);
  context.fillStyle = ink;
  context.fillText(text, x, y);
}
