// Where a picture stands in its pane: fitted, zoomed, moved, turned, flipped.

/** A view that shows all of a picture. `scale` 1: fitted to the pane; `x`, `y`: moved, in px. */
export function upright() {
  return { scale: 1, x: 0, y: 0, turned: 0, mirrored: false, upended: false };
}

/** Width and height of the picture in units of its smaller pixel side: pixels need not be square. */
export function aspect(meta) {
  const [row, column] = meta.spacing_mm ?? [1, 1];
  const least = Math.min(row, column);
  return [column / least, row / least];
}

/** CSS px of the pane for one unit of the picture when it is fitted. */
export function fitted(meta, turned, width, height) {
  const [across, down] = aspect(meta);
  const [w, h] = [meta.width * across, meta.height * down];
  const [boxW, boxH] = turned % 180 ? [h, w] : [w, h];
  return Math.min(width / boxW, height / boxH);
}

/** The matrix from picture pixels to CSS px of a pane of this size. */
export function placed(meta, view, width, height) {
  const [across, down] = aspect(meta);
  const scale = fitted(meta, view.turned, width, height) * view.scale;
  return new DOMMatrix()
    .translateSelf(width / 2 + view.x, height / 2 + view.y)
    .rotateSelf(view.turned)
    .scaleSelf((view.mirrored ? -1 : 1) * scale * across, (view.upended ? -1 : 1) * scale * down)
    .translateSelf(-meta.width / 2, -meta.height / 2);
}

/** A point of the pane as one of the picture. */
export function inPicture(matrix, x, y) {
  const point = matrix.inverse().transformPoint(new DOMPoint(x, y));
  return { x: point.x, y: point.y };
}

/** Flip as it is seen: left to right, or top to bottom. */
export function flip(view, across) {
  const swapped = view.turned % 180 !== 0;
  if (across !== swapped) view.mirrored = !view.mirrored;
  else view.upended = !view.upended;
}

/** Turn by 90 degrees, 1 to the right, -1 to the left. */
export function turn(view, way) {
  view.turned = (view.turned + 90 * way + 360) % 360;
  [view.x, view.y] = way > 0 ? [-view.y, view.x] : [view.y, -view.x];
}

/** Zoom by `factor` around a point of the pane, given from its middle. */
export function zoomAt(view, factor, x, y) {
  const scale = Math.min(Math.max(view.scale * factor, 0.1), 40);
  const real = scale / view.scale;
  view.x = x - (x - view.x) * real;
  view.y = y - (y - view.y) * real;
  view.scale = scale;
}

const SIDES = { left: [-1, 0], right: [1, 0], top: [0, -1], bottom: [0, 1] };

/** The orientation letters by the side of the pane on which they now stand; {} if unknown. */
export function marks(orientation, matrix) {
  const found = {};
  if (!orientation) return found;
  for (const [side, [x, y]] of Object.entries(SIDES)) {
    const [a, b] = [matrix.a * x + matrix.c * y, matrix.b * x + matrix.d * y];
    const to = Math.abs(a) > Math.abs(b) ? (a < 0 ? "left" : "right") : b < 0 ? "top" : "bottom";
    found[to] = orientation[side] ?? "";
  }
  return found;
}

/** Millimetres between two points of the picture. Only where the spacing is known. */
export function millimetres(meta, from, to) {
  const [row, column] = meta.spacing_mm;
  return Math.hypot((to.x - from.x) * column, (to.y - from.y) * row);
}
