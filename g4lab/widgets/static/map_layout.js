// Where things lie in ArchitectureMap: columns of fixed shares, one row a layer, the input at the bottom. CSS pixels.

const TITLE_HEIGHT = 20;
const ROW = 22;
const LEAST = 700; // below this the frame scrolls sideways
const GAP = 12;
const SHARES = { heads: 0.27, mlp: 0.13, parameters: 0.34, cache: 0.26 };
const FIXED = { name: 58, sight: 64, sharing: 46 };

/** Sizes for a frame of a given width. */
export function mapLayout(width, layers) {
  const full = Math.max(width, LEAST);
  const names = [...Object.keys(FIXED), ...Object.keys(SHARES)];
  const rest = full - Object.values(FIXED).reduce((a, b) => a + b, 0) - GAP * (names.length - 1);
  const columns = {};
  let x = 0;
  for (const name of names) {
    const size = FIXED[name] ?? Math.floor(rest * SHARES[name]);
    columns[name] = { x, width: size };
    x += size + GAP;
  }
  return { width: full, height: TITLE_HEIGHT + layers * ROW + 4, titles: TITLE_HEIGHT, row: ROW, layers, columns };
}

/** The upper edge of a layer's row: layers run upward. */
export function rowTop(g, layer) {
  return g.titles + (g.layers - 1 - layer) * g.row;
}

/** What lies at a point: { layer, column }, or null; column is null between two columns. */
export function mapAt(g, x, y) {
  const row = Math.floor((y - g.titles) / g.row);
  if (y < g.titles || row < 0 || row >= g.layers) return null;
  const column = Object.keys(g.columns).find((name) => x >= g.columns[name].x && x < g.columns[name].x + g.columns[name].width);
  return { layer: g.layers - 1 - row, column: column ?? null };
}

/** Counts laid end to end: { part, x, width } each, where `most` would fill `room`. */
export function stacked(counts, most, room) {
  let before = 0;
  return counts.map(({ part, count }) => {
    const x = (before / most) * room;
    before += count;
    return { part, x, width: (before / most) * room - x };
  });
}

/** Query heads as { x, width } ticks, those on one K/V head together, and one bar a K/V head beneath them. */
export function headMarks(heads, kvHeads, room) {
  const group = heads / kvHeads;
  const gap = kvHeads > 1 ? 1 : 0; // between groups, in widths of a tick
  const step = Math.min(10, room / (heads + gap * (kvHeads - 1)));
  const at = (head) => step * (head + gap * Math.floor(head / group));
  const ticks = Array.from({ length: heads }, (_, head) => ({ x: at(head), width: Math.max(1, step * 0.72) }));
  const bars = Array.from({ length: kvHeads }, (_, k) => {
    const last = ticks[(k + 1) * group - 1];
    return { x: at(k * group), width: last.x + last.width - at(k * group) };
  });
  return { ticks, bars };
}

/** The arrows of the shared K/V: a spine for each owner that lends, from its row up to the last borrower's. */
export function sharingArrows(layers) {
  const owners = layers.filter((layer) => layer.borrowers.length);
  return owners.map((layer, lane) => ({ owner: layer.index, lane, borrowers: layer.borrowers, top: Math.max(...layer.borrowers) }));
}

/** How much of its bar a layer fills for what a token sees, on a logarithmic scale up to the last position. */
export function sightShare(layer, positions) {
  return layer.window === null ? 1 : Math.log2(layer.window) / Math.log2(positions);
}
