// Painting AttentionExplorer: patterns as pixels, thumbnails, and the lines over them.
import { thumbCell, thumbPlace, windowEdge } from "./attention_geometry.js";
import { isCut } from "./attention_data.js";

const PAINT_FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

const STRIP_ROWS = 512; // rows of a pattern that are painted at a time

/** The scale in 256 steps, as the 32 bits that an ImageData holds. */
export function colorSteps(scale) {
  return Uint32Array.from({ length: 256 }, (_, i) => pixelOf(scale(i / 255)));
}

function pixelOf(color) {
  const [r, g, b] = color.match(/\d+/g).map(Number);
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

/** A canvas of one pixel a pair, all of it `hidden`: what is not visible keeps that colour. */
export function clearPattern(canvas, tokens, hidden) {
  canvas.width = canvas.height = tokens;
  const context = canvas.getContext("2d");
  context.fillStyle = hidden;
  context.fillRect(0, 0, tokens, tokens);
}

/**
 * The rows [from, to) of one head, shaded by the square root of the weight.
 *
 * head.data are the visible weights row after row, from row head.from on: floats, or roots in 255 steps. With `lengths`
 * each weight is multiplied by the length of its value and divided by the row's sum.
 */
export function paintRows(canvas, head, { first, end, offsets }, from, to, { steps, hidden, lengths = null }) {
  const tokens = first.length;
  const { data, exact } = head;
  paintStrip(canvas, tokens, from, to, hidden, (t, row, pixels) => {
    const [begin, stop, shift] = [first[t], end[t], offsets[t] - offsets[head.from] - first[t]];
    if (!lengths) {
      for (let s = begin; s < stop; s += 1) pixels[row + s] = steps[exact ? (Math.sqrt(data[shift + s]) * 255 + 0.5) | 0 : data[shift + s]];
      return;
    }
    let total = 0;
    const weighted = (s) => (exact ? data[shift + s] : (data[shift + s] / 255) ** 2) * lengths[s];
    for (let s = begin; s < stop; s += 1) total += weighted(s);
    for (let s = begin; s < stop; s += 1) pixels[row + s] = steps[total > 0 ? (Math.sqrt(weighted(s) / total) * 255 + 0.5) | 0 : 0];
  });
}

/** Rows that are not at hand: the cells of the thumbnail, or nothing where there is none. */
export function paintCoarse(canvas, thumb, cells, { first, end }, to, { steps, hidden }) {
  const tokens = first.length;
  const cellOf = Int32Array.from(first, (_, t) => thumbCell(t, tokens, cells));
  paintStrip(canvas, tokens, 0, to, hidden, (t, row, pixels) => {
    const line = cellOf[t] * cells;
    for (let s = first[t]; s < end[t]; s += 1) pixels[row + s] = steps[thumb ? thumb[line + cellOf[s]] : 0];
  });
}

// Pixels are put in strips: an image of 4,096 x 4,096 at once would be 64 MB.
function paintStrip(canvas, tokens, from, to, hidden, paintRow) {
  const context = canvas.getContext("2d");
  const blank = pixelOf(hidden);
  for (let top = from; top < to; top += STRIP_ROWS) {
    const height = Math.min(STRIP_ROWS, to - top);
    const image = context.createImageData(tokens, height);
    const pixels = new Uint32Array(image.data.buffer);
    pixels.fill(blank);
    for (let t = top; t < top + height; t += 1) paintRow(t, (t - top) * tokens, pixels);
    context.putImageData(image, 0, top);
  }
}

/** All thumbnails. `state` says which head is looked at. */
export function paintThumbs(context, content, g, state, palette, steps) {
  context.fillStyle = palette.paper;
  context.fillRect(0, 0, g.width, g.height);
  const tile = document.createElement("canvas");
  tile.width = tile.height = content.cells;
  const small = tile.getContext("2d");
  const image = small.createImageData(content.cells, content.cells);
  const pixels = new Uint32Array(image.data.buffer);
  context.imageSmoothingEnabled = false;
  words(context, "heads, grouped by K/V head", g.names, g.head / 2, palette.soft, 11);
  content.layers.forEach((row, layer) => {
    for (let head = 0; head < row.heads; head += 1) {
      content.thumb(layer, head).forEach((value, i) => (pixels[i] = steps[value]));
      small.putImageData(image, 0, 0);
      const { x, y } = thumbPlace(g, layer, head);
      context.drawImage(tile, x, y, g.box, g.box);
      paintEdge(context, windowEdge(content.tokens.length, row.window, g.box), x, y, palette.warn);
      outline(context, x, y, g.box, palette.line, 1);
      if (isCut(content, layer, head)) cross(context, x, y, g.box, palette);
      if (state.layer === layer && state.head === head) outline(context, x - 1, y - 1, g.box + 2, palette.accent, 3);
    }
    paintGroups(context, g, layer, palette);
    paintLayerName(context, content, g, layer, state, palette);
  });
  paintTrunks(context, g, palette);
}

/** A dashed line along the far edge of a window. */
export function paintEdge(context, edge, x, y, color) {
  if (!edge) return;
  context.save();
  context.strokeStyle = color;
  context.lineWidth = 1.5;
  context.setLineDash([4, 3]);
  context.beginPath();
  context.moveTo(x + edge[0].x, y + edge[0].y);
  context.lineTo(x + edge[1].x, y + edge[1].y);
  context.stroke();
  context.restore();
}

function paintGroups(context, g, layer, palette) {
  const { heads, kv_heads } = g.layers[layer];
  const each = heads / kv_heads;
  context.fillStyle = palette.soft;
  for (let group = 0; group < kv_heads; group += 1) {
    const from = thumbPlace(g, layer, group * each);
    context.fillRect(from.x, from.y + g.box + 1.5, each * (g.box + g.gap) - g.gap, 1.5); // the queries of one K/V head stand on one line
  }
}

function paintLayerName(context, content, g, layer, state, palette) {
  const { kind, window } = content.layers[layer];
  const middle = thumbPlace(g, layer, 0).y + g.box / 2;
  const left = 12 * g.trunks.length + 4;
  words(context, `layer ${layer}`, left, middle - 7, palette.ink, 12, layer === state.layer ? 700 : 400);
  const [full, share] = [52, window === null ? 1 : Math.min(1, window / content.tokens.length)];
  context.strokeStyle = context.fillStyle = palette.soft;
  context.lineWidth = 1;
  context.strokeRect(left + 0.5, middle + 3.5, full, 7);
  context.globalAlpha = kind === "global" ? 1 : 0.45;
  context.fillRect(left + 0.5, middle + 3.5, Math.max(3, full * share), 7);
  context.globalAlpha = 1;
}

// From an owner's keys and values an arrow to each layer that borrows them.
function paintTrunks(context, g, palette) {
  context.strokeStyle = context.fillStyle = palette.ink;
  context.lineWidth = 1.5;
  const middle = (layer) => thumbPlace(g, layer, 0).y + g.box / 2;
  g.trunks.forEach(({ owner, borrowers, column }) => {
    const x = 4 + 12 * column;
    context.beginPath();
    context.arc(x, middle(owner), 3, 0, 7);
    context.fill();
    context.beginPath();
    context.moveTo(x, middle(owner));
    context.lineTo(x, middle(borrowers.at(-1)));
    borrowers.forEach((layer) => {
      const y = middle(layer);
      context.moveTo(x, y);
      context.lineTo(x + 8, y);
      context.moveTo(x + 4, y - 3);
      context.lineTo(x + 8, y);
      context.lineTo(x + 4, y + 3);
    });
    context.stroke();
  });
}

function outline(context, x, y, size, color, width) {
  context.strokeStyle = color;
  context.lineWidth = width;
  context.strokeRect(x + 0.5, y + 0.5, size - 1, size - 1);
}

function cross(context, x, y, size, palette) {
  context.strokeStyle = palette.warn;
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(x + 3, y + 3);
  context.lineTo(x + size - 3, y + size - 3);
  context.moveTo(x + size - 3, y + 3);
  context.lineTo(x + 3, y + size - 3);
  context.stroke();
}

function words(context, text, x, y, color, size, weight = 400) {
  context.font = `${weight} ${size}px ${PAINT_FONT}`;
  context.fillStyle = color;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.fillText(text, x, y);
}
