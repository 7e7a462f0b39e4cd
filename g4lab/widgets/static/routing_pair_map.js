// The map of all pairs of a layer's experts: row i, column j is P(j | i). Marked by shape where chance would not give it.
import { h, sizedContext } from "./dom.js";
import { readableOn, writeLabel } from "./layer_grid.js";

const SIDE = 352; // CSS pixels that the cells may take before they get smaller
const MARGIN = 26;

/** Sizes of the map of `count` experts. */
export function pairLayout(count) {
  const pitch = Math.min(20, Math.max(3, Math.floor(SIDE / count)));
  return { pitch, margin: MARGIN, size: MARGIN + pitch * count + 2, count };
}

/** The row and column at a point, or null. */
export function pairAt(g, x, y) {
  const [row, column] = [y, x].map((z) => Math.floor((z - g.margin) / g.pitch));
  return [row, column].every((place) => place >= 0 && place < g.count) ? { row, column } : null;
}

/** Where a key leads from a cell, or null. */
export function pairStep(key, { row, column }, count) {
  const clamp = (value) => Math.min(Math.max(value, 0), count - 1);
  const [down, right] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[key] ?? [];
  if (down !== undefined) return { row: clamp(row + down), column: clamp(column + right) };
  return { Home: { row, column: 0 }, End: { row, column: count - 1 } }[key] ?? null;
}

/** The map; hover(place or null, event), pick(place) and step(key), true for a key that was used. */
export function pairMap({ hover, pick, step }) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const element = h("div", { class: "g4-scrolled g4-pair-map", tabindex: "0", role: "application", "aria-label": "pairs of experts: rows are the expert in question, columns the other", onkeydown: listen }, canvas);
  let g = null;
  let shown = []; // the pointer moves over tokens far more often than what is seen here changes
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return g && pairAt(g, event.clientX - box.left, event.clientY - box.top);
  };
  canvas.addEventListener("pointermove", (event) => hover(at(event), event));
  canvas.addEventListener("pointerleave", () => hover(null));
  canvas.addEventListener("click", (event) => at(event) && pick(at(event)));

  function listen(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !step(event.key)) return;
    event.preventDefault();
    event.stopPropagation(); // the layer stays where it is
  }

  return {
    element,
    /** `order` are the experts by their places; `current` is { row, column }. */
    show(pairs, order, current, palette) {
      const wanted = [pairs, order.join(), current.row, current.column, palette, devicePixelRatio];
      if (wanted.every((part, i) => part === shown[i])) return;
      shown = wanted;
      g = pairLayout(order.length);
      paintPairs(sizedContext(canvas, g.size, g.size), pairs, order, current, g, palette);
    },
  };
}

function paintPairs(context, pairs, order, current, g, palette) {
  context.fillStyle = palette.paper;
  context.fillRect(0, 0, g.size, g.size);
  const gap = g.pitch > 5 ? 1 : 0;
  const inside = g.pitch - gap;
  order.forEach((i, row) => {
    // a row of too few tokens is a thin one
    const height = pairs.enough(i) ? inside : Math.max(1, Math.round(inside / 2));
    order.forEach((j, column) => {
      const [x, y] = [g.margin + column * g.pitch, g.margin + row * g.pitch + (inside - height) / 2];
      const fill = i === j || !pairs.count(i) ? palette.band : palette.scale(pairs.share(i, j) / (pairs.most || 1));
      context.fillStyle = fill;
      context.fillRect(x, y, inside, height);
      if (gap) {
        context.strokeStyle = palette.line;
        context.strokeRect(x + 0.5, y + 0.5, inside - 1, Math.max(1, height - 1));
      }
      const beyond = i === j ? 0 : pairs.beyond(i, j);
      if (beyond) markPair(context, beyond, x, y, inside, readableOn(fill, palette));
    });
  });
  const step = [1, 2, 4, 8, 16, 32].find((n) => n * g.pitch >= 22) ?? 64;
  for (let place = 0; place < g.count; place += step) {
    const middle = g.margin + (place + 0.5) * g.pitch;
    writeLabel(context, String(order[place]), middle, g.margin / 2 + 4, palette.soft, { size: 11, align: "center" });
    writeLabel(context, String(order[place]), g.margin - 5, middle, palette.soft, { size: 11, align: "right" });
  }
  const [x, y] = [g.margin + current.column * g.pitch, g.margin + current.row * g.pitch];
  context.strokeStyle = palette.accent;
  context.lineWidth = 1;
  context.strokeRect(g.margin - 0.5, y - 0.5, g.pitch * g.count, g.pitch);
  context.lineWidth = 2;
  context.strokeRect(x - 1, y - 1, g.pitch + 1, g.pitch + 1);
}

// a dot above the band of chance, a dash below it
function markPair(context, beyond, x, y, size, ink) {
  context.fillStyle = ink;
  const dot = Math.max(1, Math.round(size / 4));
  if (beyond > 0) context.fillRect(x + (size - dot) / 2, y + (size - dot) / 2, dot, dot);
  else if (size > 4) context.fillRect(x + 2, y + size / 2 - 0.5, size - 4, 1);
}
