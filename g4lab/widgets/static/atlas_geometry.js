// Where soft tokens lie in a picture or a sound, as plain numbers: cells on the canvas, boxes in the picture's pixels.

export const TOKEN_SECONDS = 0.04; // of a soft token of a sound
const LANES = { wave: 64, mel: 96, tokens: 56, gap: 6 }; // CSS pixels, from the top

/** A picture of rows x columns soft tokens, `side` pixels each, in a canvas at most `width` wide and `height` high. */
export function pictureLayout({ rows, columns }, side, width, height) {
  const scale = Math.max(1, Math.min(width, columns * side * 4)) / (columns * side);
  const fitted = Math.min(scale, height / (rows * side));
  return { kind: "picture", rows, columns, side, scale: fitted, cell: side * fitted, width: columns * side * fitted, height: rows * side * fitted };
}

/** A sound of `tokens` soft tokens: waveform, mel frames and tokens below one another. */
export function soundLayout(tokens, width) {
  const wave = { top: 0, height: LANES.wave };
  const mel = { top: wave.height + LANES.gap, height: LANES.mel };
  const lane = { top: mel.top + mel.height + LANES.gap, height: LANES.tokens };
  return { kind: "sound", rows: 1, columns: tokens, cell: width / tokens, width, height: lane.top + lane.height, wave, mel, lane };
}

/** The rectangle of a soft token on the canvas; of a sound all three lanes. */
export function softCell(g, token) {
  if (g.kind === "sound") return { x: token * g.cell, y: 0, width: g.cell, height: g.height };
  return { x: (token % g.columns) * g.cell, y: Math.floor(token / g.columns) * g.cell, width: g.cell, height: g.cell };
}

/** The soft token at a point of the canvas, or null. */
export function softAt(g, x, y) {
  if (x < 0 || y < 0 || x >= g.width || y >= g.height) return null;
  const column = Math.min(Math.floor(x / g.cell), g.columns - 1);
  return g.kind === "sound" ? column : Math.min(Math.floor(y / g.cell), g.rows - 1) * g.columns + column;
}

/** The soft token that a key leads to, or null for a key that leads nowhere. */
export function softStep(key, token, { rows, columns }) {
  const last = rows * columns - 1;
  if (token === null) return { ArrowRight: 0, ArrowDown: 0, Home: 0, ArrowLeft: last, ArrowUp: last, End: last }[key] ?? null;
  const [row, column] = [Math.floor(token / columns), token % columns];
  const moves = {
    ArrowRight: [row, Math.min(column + 1, columns - 1)], ArrowLeft: [row, Math.max(column - 1, 0)],
    ArrowDown: [Math.min(row + 1, rows - 1), column], ArrowUp: [Math.max(row - 1, 0), column],
    Home: [0, 0], End: [rows - 1, columns - 1],
  };
  return moves[key] ? moves[key][0] * columns + moves[key][1] : null;
}

/** The pixels of a soft token: [left, top, right, bottom], the last two outside. */
export function softBox(token, columns, side) {
  const [x, y] = [(token % columns) * side, Math.floor(token / columns) * side];
  return [x, y, x + side, y + side];
}

/** The smallest box that holds two soft tokens. */
export function boxOfTokens(one, other, columns, side) {
  const [a, b] = [softBox(one, columns, side), softBox(other, columns, side)];
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])];
}

/** The box between two points of the canvas, grown to whole patches and kept inside the picture. */
export function boxOfPoints(g, from, to, patch) {
  const ends = (a, b, most) => {
    const [low, high] = [Math.min(a, b) / g.scale, Math.max(a, b) / g.scale];
    const start = Math.min(Math.max(0, Math.floor(low / patch) * patch), most - patch);
    return [start, Math.max(start + patch, Math.min(most, Math.ceil(high / patch) * patch))];
  };
  const [left, right] = ends(from.x, to.x, g.columns * g.side);
  const [top, bottom] = ends(from.y, to.y, g.rows * g.side);
  return [left, top, right, bottom];
}

/** How many soft tokens a box touches. */
export function tokensInBox([left, top, right, bottom], side) {
  const count = (from, to) => Math.ceil(to / side) - Math.floor(from / side);
  return count(left, right) * count(top, bottom);
}

/** Where thumbnails lie, `size` wide and high, as many beside each other as fit: { width, height, at(i), find(x, y) }. */
export function filmLayout(count, width, size, label) {
  const across = Math.max(1, Math.floor(width / (size + 6)));
  const at = (i) => ({ x: (i % across) * (size + 6), y: Math.floor(i / across) * (size + label) });
  const find = (x, y) => {
    const i = Math.floor(y / (size + label)) * across + Math.floor(x / (size + 6));
    return x >= 0 && y >= 0 && x < across * (size + 6) && i < count ? i : null;
  };
  return { width: Math.min(count, across) * (size + 6), height: Math.ceil(count / across) * (size + label), at, find, size };
}
