// Keys as in OHIF. They are taken while no field is being written in and no dialogue is open.

/** Keys, what they are called in the help, and what they do to a pair. */
export const KEYS = [
  { keys: ["1", "2", "3", "4", "5"], say: "key_presets", act: (pair, key) => pair.preset(Number(key)) },
  { keys: ["i"], say: "key_invert", act: (pair) => pair.invert() },
  { keys: ["r"], say: "key_turn_right", act: (pair) => pair.turn(1) },
  { keys: ["l"], say: "key_turn_left", act: (pair) => pair.turn(-1) },
  { keys: ["h"], say: "key_flip_h", act: (pair) => pair.flip(true) },
  { keys: ["v"], say: "key_flip_v", act: (pair) => pair.flip(false) },
  { keys: ["z"], say: "key_zoom", act: (pair) => pair.use("zoom") },
  { keys: ["w"], say: "key_window", act: (pair) => pair.use("window") },
  { keys: ["p"], say: "key_pan", act: (pair) => pair.use("pan") },
  { keys: ["m"], say: "key_length", act: (pair) => pair.use("length") },
  { keys: ["g"], say: "key_region", act: (pair) => pair.use("region") },
  { keys: ["+", "="], say: "key_zoom_in", act: (pair) => pair.zoom(1.25) },
  { keys: ["-"], say: "key_zoom_out", act: (pair) => pair.zoom(0.8) },
  { keys: [" "], say: "key_reset", act: (pair) => pair.reset() },
  { keys: ["ArrowUp"], say: "key_slice_before", act: (pair) => pair.step(-1) },
  { keys: ["ArrowDown"], say: "key_slice_after", act: (pair) => pair.step(1) },
  { keys: ["ArrowLeft"], say: "key_pane_query", act: (pair) => pair.query.node.focus() },
  { keys: ["ArrowRight"], say: "key_pane_hit", act: (pair) => pair.hit.node.focus() },
  { keys: ["PageDown"], say: "key_hit_after", act: (pair) => pair.moved(1) },
  { keys: ["PageUp"], say: "key_hit_before", act: (pair) => pair.moved(-1) },
  { keys: ["c"], say: "key_cine", act: (pair) => pair.cine() },
  { keys: ["s"], say: "key_link", act: (pair) => pair.link(!pair.linked) },
  { keys: ["Enter"], say: "key_point", pane: true, act: (pair) => pair.setPoint() },
];

/** What is listed beside the above: Shift and arrows move the cross of lengths and regions. */
export const MORE_KEYS = [
  { keys: ["Shift+←↑→↓"], say: "key_cross" },
  { keys: ["Ctrl+Z", "Ctrl+Y"], say: "key_undo" },
  { keys: ["?"], say: "key_help" },
];

const CROSS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

/** Whether a key belongs to what has the focus: a field, a list, a button that space presses. */
function taken(event) {
  const at = event.target;
  if (document.querySelector("dialog[open]")) return true;
  if (at.matches("textarea, select, input:not([type=range]):not([type=checkbox])")) return true;
  if (at.matches("input[type=range]")) return event.key.startsWith("Arrow") || event.key.startsWith("Page");
  return at.matches("button, a, summary, input") && [" ", "Enter"].includes(event.key);
}

/** Take the keys of the page for `pair` while its node is in the page. */
export function listenToKeys(pair) {
  addEventListener("keydown", (event) => {
    if (!pair.node.isConnected || event.ctrlKey || event.metaKey || event.altKey || taken(event)) return;
    const inPane = pair.panes.some((pane) => pane.node === document.activeElement);
    if (event.shiftKey && CROSS[event.key]) {
      if (!inPane || !pair.active.picture || !["length", "region"].includes(pair.tool)) return;
      const far = Math.max(1, Math.round(pair.active.picture.meta.width / 50));
      pair.moveCross(...CROSS[event.key].map((one) => one * far));
      event.preventDefault();
      return;
    }
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const found = KEYS.find((one) => one.keys.includes(key));
    if (!found || (found.pane && !inPane)) return;
    found.act(pair, key);
    event.preventDefault();
  });
}
