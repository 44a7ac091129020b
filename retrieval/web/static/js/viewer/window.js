// From stored values to grey levels, as `indexer.voi` does it: DICOM PS3.3 C.11.2.1.2.1 (LINEAR),
// C.11.2.1.3.1 (SIGMOID), C.11.2.1.3.2 (LINEAR_EXACT).

/** Presets for CT in HU, by key 1 to 5. */
export const PRESETS = [
  { name: "soft_tissue", center: 40, width: 400 },
  { name: "lung", center: -600, width: 1500 },
  { name: "liver", center: 90, width: 150 },
  { name: "bone", center: 480, width: 2500 },
  { name: "brain", center: 40, width: 80 },
];

const BITS = { uint8: [256, 0], uint16: [65536, 0], int16: [65536, 32768] };

/** The window that a picture opens with: its own, or all of its values; colours are as they are. */
export function opening(meta) {
  if (meta.samples === 3) {
    const [low, high] = [meta.intercept, meta.intercept + 255 * meta.slope];
    return { center: (low + high) / 2, width: high - low, function: "LINEAR_EXACT" };
  }
  if (meta.window) return { ...meta.window };
  const [low, high] = meta.range;
  return { center: (low + high) / 2, width: Math.max(high - low, 1e-6), function: "LINEAR_EXACT" };
}

/** The function of a window: value of the picture's unit -> 0..1 and, before clipping, beyond. */
function shade({ center, width, function: kind = "LINEAR" }) {
  if (kind === "SIGMOID") return (value) => 1 / (1 + Math.exp((-4 * (value - center)) / width));
  const half = kind === "LINEAR" ? 0.5 : 0;
  const [middle, span] = [center - half, width - 2 * half];
  if (span <= 0) return (value) => (value > middle ? 1 : 0);
  return (value) => (value - middle) / span + 0.5;
}

/** Grey levels 0..255 by stored value (shifted to begin at 0), Uint8ClampedArray. */
export function levels(meta, window, inverted) {
  const [size, shift] = BITS[meta.dtype];
  const shaded = shade(window);
  const table = new Uint8ClampedArray(size);
  for (let stored = 0; stored < size; stored += 1) {
    const level = 255 * shaded((stored - shift) * meta.slope + meta.intercept);
    table[stored] = inverted ? 255 - level : level;
  }
  return table;
}

/**
 * Write `frame` (stored values) into `pixels` (Uint32Array, one RGBA a pixel) through `table`.
 */
export function paint(frame, samples, shift, table, pixels) {
  if (samples === 3) {
    for (let to = 0, from = 0; to < pixels.length; to += 1, from += 3) {
      pixels[to] = 0xff000000 | (table[frame[from + 2] + shift] << 16)
        | (table[frame[from + 1] + shift] << 8) | table[frame[from] + shift];
    }
    return;
  }
  const greys = new Uint32Array(table.length);
  for (let at = 0; at < table.length; at += 1) greys[at] = 0xff000000 | (table[at] * 0x010101);
  for (let at = 0; at < pixels.length; at += 1) pixels[at] = greys[frame[at] + shift];
}

/** What has to be added to a stored value to make it an index of the table. */
export function shiftOf(meta) {
  return BITS[meta.dtype][1];
}
