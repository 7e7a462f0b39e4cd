// Where things lie in a grid that scrolls inside its frame. Pure arithmetic, in CSS pixels.

const CELL = { least: 8, most: 26 };
const HEADER = 18;
const NARROW = 560;
const GAP = 16; // between the cells and the column beside them
const LIFT = 16; // room for the load above a row of cells

/**
 * Sizes for a frame of a given width: names at the left, cells, and a column beside them.
 *
 * A narrow frame has no such column: there, where `load` says that a row has a load, rows grow taller to hold it
 * above the cells.
 */
export function layout(width, rows, columns, rowHeight, load) {
  const narrow = width < NARROW;
  const stacked = narrow && load;
  const names = narrow ? 58 : 112;
  const beside = narrow ? 0 : Math.round(Math.min(260, Math.max(130, width * 0.24)));
  const room = width - names - (beside ? beside + GAP : 0);
  const cell = Math.min(CELL.most, Math.max(CELL.least, Math.floor(room / columns)));
  const row = rowHeight + (stacked ? LIFT : 0);
  const cells = columns * cell;
  // where the cells do not fit, the frame scrolls and the column beside them stays in sight
  const fits = cells <= room;
  return {
    narrow,
    stacked,
    names,
    beside,
    cell,
    row,
    header: HEADER,
    rows,
    columns,
    fullWidth: fits ? 0 : names + cells + width - names - room,
    fullHeight: HEADER + rows * row + 2,
    cellsEnd: names + Math.min(cells, room),
    besideAt: names + Math.min(cells, room) + GAP,
  };
}

/** The rectangle of a cell on screen. */
export function cellBox(g, scroll, row, column) {
  const y = g.header + row * g.row - scroll.top;
  const lift = g.stacked ? LIFT : 0;
  return { x: g.names + column * g.cell - scroll.left, y: y + lift, width: g.cell, height: g.row - lift };
}

/** What lies at a point: { zone: "cell" | "name" | "side", row, column }, or null. */
export function at(g, scroll, x, y) {
  if (y < g.header) return null;
  const row = Math.floor((y - g.header + scroll.top) / g.row);
  if (row < 0 || row >= g.rows) return null;
  if (x < g.names) return { zone: "name", row, column: null };
  if (g.beside && x >= g.besideAt) return { zone: "side", row, column: null };
  if (x >= g.cellsEnd) return null;
  const column = Math.floor((x - g.names + scroll.left) / g.cell);
  return column >= 0 && column < g.columns ? { zone: "cell", row, column } : null;
}

/** The scroll position nearest to `scroll` at which a cell is in full sight. */
export function scrollTo(g, scroll, row, column) {
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const bottom = (row + 1) * g.row - (g.height - g.header);
  const right = (column + 1) * g.cell - (g.cellsEnd - g.names);
  return { top: clamp(scroll.top, bottom, row * g.row), left: clamp(scroll.left, right, column * g.cell) };
}

/** The first and one past the last index that a scrolled axis shows. */
export function seen(scrolled, size, length, count) {
  const first = Math.max(0, Math.floor(scrolled / size));
  return [first, Math.min(count, Math.ceil((scrolled + length) / size))];
}
