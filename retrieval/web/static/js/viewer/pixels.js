// Pictures of the API: their stored values reach the browser, 16 bits where there are 16.

import { api, instancePath } from "../api.js";

const ARRAYS = { uint8: Uint8Array, uint16: Uint16Array, int16: Int16Array };
const BUDGET = 384 * 2 ** 20; // bytes of frames that are kept, over all pictures
const AHEAD = 6; // frames fetched before they are asked for

/** Frames of all pictures, the least recently used let go first. */
class Kept {
  constructor() {
    this.held = new Map();
    this.bytes = 0;
  }

  get(key) {
    const found = this.held.get(key);
    if (found) {
      this.held.delete(key);
      this.held.set(key, found);
    }
    return found;
  }

  put(key, frame) {
    this.drop(key);
    this.held.set(key, frame);
    this.bytes += frame.byteLength;
    for (const [oldest, one] of this.held) {
      if (this.bytes <= BUDGET || oldest === key) break;
      this.bytes -= one.byteLength;
      this.held.delete(oldest);
    }
  }

  drop(key) {
    const old = this.held.get(key);
    if (old) this.bytes -= old.byteLength;
    this.held.delete(key);
  }

  clear(begin) {
    for (const key of [...this.held.keys()]) if (key.startsWith(begin)) this.drop(key);
  }
}

const kept = new Kept();

/** A picture: `path` in the API, with `query` after it; `meta` as the contract's Picture. */
export class Picture {
  constructor(path, meta, query = "") {
    this.path = path;
    this.query = query;
    this.meta = meta;
    this.coming = new Map();
    this.masks = new Map();
  }

  /** What the keys of its frames begin with. */
  get key() {
    return `${this.path}${this.query}#`;
  }

  get length() {
    return this.meta.samples * this.meta.width * this.meta.height;
  }

  /** The frame if it is there already. */
  ready(n) {
    return kept.get(`${this.key}${n}`);
  }

  /** Stored values of frame `n`, row-major. Raises `Problem`. */
  async frame(n) {
    const key = `${this.key}${n}`;
    const found = kept.get(key);
    if (found) return found;
    if (!this.coming.has(n)) {
      const fetched = this.fetch(`/frames/${n}`, ARRAYS[this.meta.dtype], this.length)
        .then((frame) => { kept.put(key, frame); return frame; })
        .finally(() => this.coming.delete(n));
      this.coming.set(n, fetched);
    }
    return this.coming.get(n);
  }

  /** Fetch the next frames in this direction, without waiting for them. */
  ahead(n, step) {
    for (let more = 1; more <= AHEAD; more += 1) {
      const next = n + step * more;
      if (next < 0 || next >= this.meta.frames || this.coming.size >= AHEAD) return;
      this.frame(next).catch(() => undefined); // it is asked for again when it is looked at
    }
  }

  /** The mask of frame `n`, 0 or 255 a pixel, or null where there is none. */
  async mask(n) {
    if (this.masks.has(n)) return this.masks.get(n);
    const { width, height } = this.meta;
    let mask = null;
    try {
      mask = await this.fetch(`/mask/${n}`, Uint8Array, width * height);
    } catch (error) {
      if (error.status !== 404) throw error;
    }
    this.masks.set(n, mask);
    return mask;
  }

  async fetch(path, kind, length) {
    const bytes = await api.bytes(this.path + path + this.query);
    if (bytes.byteLength !== length * kind.BYTES_PER_ELEMENT) {
      throw new Error(`${bytes.byteLength} bytes came instead of ${length * kind.BYTES_PER_ELEMENT}`);
    }
    return new kind(bytes);
  }

  /** Let its frames go. */
  close() {
    kept.clear(this.key);
  }
}

/** The small picture that the index keeps, where the archive's own file is out of reach. */
class Preview extends Picture {
  async frame() {
    return this.ready(0) ?? this.pixels;
  }

  async mask() {
    return null;
  }
}

/** The picture of a query scan. `scan`: as POST /scans describes it. */
export function ofScan(scan) {
  return new Picture(`/scans/${encodeURIComponent(scan.scan_id)}`, scan);
}

/** The picture of an instance in the archive, or its preview. Raises `Problem`. */
export async function ofInstance(row, generation, signal) {
  try {
    const meta = await api.instance(row, generation, signal);
    return new Picture(instancePath(row, ""), meta, `?generation=${meta.generation}`);
  } catch (error) {
    if (error.code !== "archive_gone") throw error;
    return previewOf(row, generation, signal);
  }
}

async function previewOf(row, generation, signal) {
  const path = instancePath(row, "/preview", generation);
  const drawn = await createImageBitmap(await api.blob(path, signal));
  const { width, height } = drawn;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.drawImage(drawn, 0, 0);
  const rgba = context.getImageData(0, 0, width, height).data;
  const pixels = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    pixels[to] = rgba[from];
    pixels[to + 1] = rgba[from + 1];
    pixels[to + 2] = rgba[from + 2];
  }
  const meta = {
    frames: 1, width, height, samples: 3, dtype: "uint8", slope: 1, intercept: 0, unit: "",
    range: [0, 255], window: null, spacing_mm: null, slice_spacing_mm: null, orientation: null,
    modality: "", body_part: "", view: "", middle: 0, preview: true,
  };
  const picture = new Preview(path, meta);
  picture.pixels = pixels;
  return picture;
}
