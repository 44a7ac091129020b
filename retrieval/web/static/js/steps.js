// The steps of a search: each is one change, and together they are what is asked.
//
// Steps stand in the address after the `#`, which browsers do not send to a server. What could name
// a person stays out: words are a number in this tab's memory, and a case is `row`, its place in one
// generation of the index.

export const DEFAULT_K = 5;

/** Nothing asked beyond the scan. */
export function plain() {
  return { text: null, k: DEFAULT_K, weights: {}, filters: {}, region: null, marks: {},
    refine: false, spread: false };
}

const APPLY = {
  t: (asked, [place]) => { asked.text = place === "" ? null : Number(place); },
  k: (asked, [k]) => { asked.k = Number(k); },
  w: (asked, [name, weight]) => {
    if (name) asked.weights = { ...asked.weights, [name]: Number(weight) };
    else asked.weights = {};
  },
  f: (asked, [name, ...values]) => {
    asked.filters = { ...asked.filters };
    if (!name) asked.filters = {};
    else if (values.length) asked.filters[name] = values;
    else delete asked.filters[name];
  },
  r: (asked, [x, y, w, h, frame]) => {
    asked.region = x === "" ? null
      : { x: Number(x), y: Number(y), w: Number(w), h: Number(h), frame: Number(frame) };
  },
  m: (asked, [row, as]) => {
    asked.marks = { ...asked.marks };
    if (as) asked.marks[row] = as;
    else delete asked.marks[row];
  },
  d: (asked, [on]) => { asked.refine = on === "1"; },
  p: (asked, [on]) => { asked.spread = on === "1"; },
};

/** What is asked after these steps. A step is [letter, ...values as texts]. */
export function after(steps) {
  const asked = plain();
  for (const [letter, ...values] of steps) APPLY[letter]?.(asked, values);
  return asked;
}

// `encodeURIComponent` leaves "~" and, rightly, digits and points alone.
const write = (text) => encodeURIComponent(text).replaceAll("~", "%7E");

/** Steps as they stand in the address. */
export function written(steps) {
  return steps.map((step) => step.map((one) => write(String(one))).join(",")).join("~");
}

/** Steps out of an address; what is no step is left out. */
export function read(text) {
  const found = [];
  for (const part of (text ?? "").split("~")) {
    try {
      const step = part.split(",").map(decodeURIComponent);
      if (step[0] in APPLY && step.length > 1) found.push(step);
    } catch {
      // not written by this page
    }
  }
  return found;
}
