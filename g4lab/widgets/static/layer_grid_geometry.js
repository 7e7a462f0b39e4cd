// Where things lie in a map of layers (upward) by positions (sideways). Pure arithmetic, in CSS pixels.

const HEAD = 22; // a line of tokens above the cells
const GRID_NARROW = 560;

/**
 * Sizes for a frame of a given width: names at the left, cells that scroll sideways, a column beside them.
 *
 * `cell` is [least, most]; a narrow frame has no column beside the cells.
 */
export function gridLayout({ width, rows, columns, cell: [least, most], row, beside = 0 }) {
  const narrow = width < GRID_NARROW;
  const names = narrow ? 52 : 104;
  const side = narrow ? 0 : beside;
  const room = Math.max(least, width - names - side);
  const cell = Math.min(most, Math.max(least, Math.floor(room / Math.max(columns, 1))));
  const cells = Math.min(cell * columns, room);
  return {
    narrow, names, side, cell, row, rows, columns, head: HEAD,
    room: cells,
    fullWidth: cell * columns > room ? names + cell * columns + side : 0,
    fullHeight: HEAD + rows * row + 2,
    sideAt: names + cells + 8,
  };
}

/** The top left corner of a cell on screen; row 0 is at the bottom, where the input is. */
export function gridCell(g, scroll, row, column) {
  return { x: g.names + column * g.cell - scroll.left, y: g.head + (g.rows - 1 - row) * g.row - scroll.top };
}

/** What lies at a point: { zone: "cell" | "name" | "side", row, column }, or null. */
export function gridAt(g, scroll, x, y) {
  if (y < g.head || x < 0) return null;
  const row = g.rows - 1 - Math.floor((y - g.head + scroll.top) / g.row);
  if (row < 0 || row >= g.rows) return null;
  if (x < g.names) return { zone: "name", row, column: null };
  if (x >= g.names + g.room) return g.side ? { zone: "side", row, column: null } : null;
  const column = Math.floor((x - g.names + scroll.left) / g.cell);
  return column < g.columns ? { zone: "cell", row, column } : null;
}

/** The columns, or the rows from the bottom, of which some part is in sight: first, and one past the last. */
export function gridSeen(g, scroll, height) {
  const clamp = (value, most) => Math.min(Math.max(value, 0), most);
  const columns = [Math.floor(scroll.left / g.cell), Math.ceil((scroll.left + g.room) / g.cell)];
  const fromTop = [Math.floor(scroll.top / g.row), Math.ceil((scroll.top + height - g.head) / g.row)];
  const rows = [g.rows - fromTop[1], g.rows - fromTop[0]];
  return { columns: columns.map((c) => clamp(c, g.columns)), rows: rows.map((r) => clamp(r, g.rows)) };
}

/** The scroll position nearest to `scroll` at which a cell is in full sight. */
export function gridReveal(g, scroll, height, row, column) {
  const clamp = (value, low, high) => Math.max(0, Math.min(Math.max(value, low), high));
  const fromTop = g.rows - 1 - row;
  return {
    left: clamp(scroll.left, (column + 1) * g.cell - g.room, column * g.cell),
    top: clamp(scroll.top, (fromTop + 1) * g.row - (height - g.head), fromTop * g.row),
  };
}

/** Where a key leads from a cell, or null: Left and Right along the tokens, Up and Down along the layers. */
export function gridStep(key, { row, column }, rows, columns) {
  const clamp = (value, count) => Math.min(Math.max(value, 0), count - 1);
  if (key === "Home") return { row, column: 0 };
  if (key === "End") return { row, column: columns - 1 };
  const sideways = { ArrowLeft: -1, ArrowRight: 1 }[key];
  if (sideways) return { row, column: column === null ? (sideways > 0 ? 0 : columns - 1) : clamp(column + sideways, columns) };
  const upward = { ArrowUp: 1, ArrowDown: -1 }[key];
  return upward ? { row: clamp(row + upward, rows), column } : null;
}

/** As much of a text as fits into `width` by `measure(text)`, with an ellipsis where some was left out. */
export function fittedText(text, width, measure) {
  if (measure(text) <= width) return text;
  const characters = [...text];
  let [low, high] = [0, characters.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (measure(`${characters.slice(0, middle).join("")}…`) <= width) low = middle;
    else high = middle - 1;
  }
  return low ? `${characters.slice(0, low).join("")}…` : "";
}
