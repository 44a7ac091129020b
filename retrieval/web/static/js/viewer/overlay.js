// What is laid over a picture: a mask's edge and field, a match map's tint.

// The colours of `models.saliency.tint`, from the least to the most.
const SCALE = [[0x0d, 0x08, 0x87], [0x7e, 0x03, 0xa8], [0xcc, 0x47, 0x78], [0xf8, 0x95, 0x40],
  [0xf0, 0xf9, 0x21]];
const FIELD = [64, 224, 208];

/** A mask (0 or 255) as a canvas: a light field with a full edge. */
export function maskLayer(mask, width, height) {
  const [canvas, context, image] = blank(width, height);
  for (let y = 0, at = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, at += 1) {
      if (!mask[at]) continue;
      const edge = !x || !y || x === width - 1 || y === height - 1 || !mask[at - 1]
        || !mask[at + 1] || !mask[at - width] || !mask[at + width];
      image.data.set([...FIELD, edge ? 255 : 90], 4 * at);
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** A match map as a canvas. `map`: as the API gives it, its values 0..255 in base64. */
export function mapLayer(map) {
  const values = Uint8Array.from(atob(map.values), (letter) => letter.charCodeAt(0));
  const [canvas, context, image] = blank(map.width, map.height);
  for (let at = 0; at < values.length; at += 1) {
    image.data.set([...colour(values[at] / 255), 255 * Math.sqrt(values[at] / 255)], 4 * at);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** The colour of a level 0..1. */
function colour(level) {
  const place = level * (SCALE.length - 1);
  const low = Math.min(Math.floor(place), SCALE.length - 2);
  return SCALE[low].map((one, at) => one + (SCALE[low + 1][at] - one) * (place - low));
}

function blank(width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  return [canvas, context, context.createImageData(width, height)];
}
