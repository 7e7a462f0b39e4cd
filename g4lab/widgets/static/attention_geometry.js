// Where things stand in AttentionExplorer, as plain numbers.

/** The layout of the thumbnails: layers upward, heads across, a gap between the groups that share a K/V head. */
export function thumbLayout(layers, box) {
  const trunks = kvTrunks(layers);
  const names = 74 + 12 * trunks.length;
  const [gap, group, head] = [4, 8, 20];
  const widths = layers.map(({ heads, kv_heads }) => heads * (box + gap) + (kv_heads - 1) * group);
  return { layers, box, gap, group, head, names, trunks, width: names + Math.max(...widths) + 8, height: head + layers.length * (box + gap) + 4 };
}

/** The corner of one thumbnail. */
export function thumbPlace(g, layer, head) {
  const { heads, kv_heads } = g.layers[layer];
  const group = Math.floor(head / (heads / kv_heads));
  return { x: g.names + head * (g.box + g.gap) + group * g.group, y: g.head + (g.layers.length - 1 - layer) * (g.box + g.gap) };
}

/** The head at a point, or null. */
export function thumbAt(g, x, y) {
  const layer = g.layers.length - 1 - Math.floor((y - g.head) / (g.box + g.gap));
  if (layer < 0 || layer >= g.layers.length) return null;
  for (let head = 0; head < g.layers[layer].heads; head += 1) {
    const place = thumbPlace(g, layer, head);
    if (x >= place.x && x < place.x + g.box && y >= place.y && y < place.y + g.box) return { layer, head };
  }
  return null;
}

/** Owners of keys and values that other layers borrow: { owner, borrowers, column }, each with a column of its own. */
export function kvTrunks(layers) {
  const owners = [...new Set(layers.filter(({ index, owner }) => owner !== index).map(({ owner }) => owner))].sort((a, b) => a - b);
  return owners.map((owner, column) => ({
    owner, column, borrowers: layers.filter((layer) => layer.owner === owner && layer.index !== owner).map(({ index }) => index),
  }));
}

const NARROWEST = 5; // pixels; a narrower band would be covered by the line along it

/**
 * The lower edge of a window in a square of `size`, as two points from top to bottom; null where nothing lies outside,
 * or where the band is too narrow for a line beside it.
 *
 * Query t still sees key t - window + 1: the edge runs from (0, window) to (tokens - window, tokens).
 */
export function windowEdge(tokens, window, size) {
  if (window === null || window >= tokens || (window * size) / tokens < NARROWEST) return null;
  const scale = size / tokens;
  return [{ x: 0, y: window * scale }, { x: (tokens - window) * scale, y: size }];
}

/** Where each row of a packed head begins, and the number of all its weights at the end. */
export function rowOffsets(first, end) {
  const offsets = new Int32Array(first.length + 1);
  for (let t = 0; t < first.length; t += 1) offsets[t + 1] = offsets[t] + end[t] - first[t];
  return offsets;
}

/** The cell of a thumbnail that a token lies in: cell c begins at token floor(c tokens / cells). */
export function thumbCell(token, tokens, cells) {
  return Math.floor(((token + 1) * cells - 1) / tokens);
}

/** The cell of a square of `size` CSS pixels and `tokens` cells at a point, or null outside. */
export function cellAt(tokens, size, x, y) {
  const [key, query] = [x, y].map((v) => Math.floor((v / size) * tokens));
  return key >= 0 && key < tokens && query >= 0 && query < tokens ? { query, key } : null;
}

/** How many CSS pixels a weight takes at full size: whole ones, so that no row is drawn thinner than another. */
export function cellSize(tokens, room) {
  return Math.max(1, Math.floor(room / tokens));
}

/** The next head for an arrow key, or null. Left and Right along the heads, Up and Down along the layers. */
export function headStep(key, layers, layer, head) {
  const last = layers[layer].heads - 1;
  const across = { ArrowLeft: Math.max(0, head - 1), ArrowRight: Math.min(last, head + 1), Home: 0, End: last }[key];
  if (across !== undefined) return { layer, head: across };
  const up = { ArrowUp: 1, ArrowDown: -1 }[key];
  if (!up) return null;
  const to = Math.min(Math.max(layer + up, 0), layers.length - 1);
  return { layer: to, head: Math.min(head, layers[to].heads - 1) };
}

/** The next query and key for an arrow key in the full-size picture, or null. */
export function pairStep(key, tokens, query, at) {
  const clamp = (value) => Math.min(Math.max(value, 0), tokens - 1);
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[key];
  if (step) return { query: clamp(query + step[0]), key: clamp(at + step[1]) };
  if (key === "Home") return { query: clamp(query), key: 0 };
  if (key === "End") return { query: clamp(query), key: clamp(query) };
  return null;
}
