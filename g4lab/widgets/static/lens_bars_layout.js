// Where the bars of an attribution lie: a row for each layer, a column for each part, zero in the middle of each column.

const BAR_ROW = 20;
const BAR_HEAD = 20;

/** Sizes for a frame of a given width. `rows` are as attributionRows makes them. */
export function barsLayout(width, rows) {
  const names = width < 560 ? 52 : 104;
  const parts = [...new Set(rows.filter(({ layer }) => layer !== null).flatMap((row) => row.parts.map(({ part }) => part)))];
  const column = Math.min(220, (width - names) / Math.max(parts.length, 1));
  const most = Math.max(...rows.flatMap((row) => row.parts.flatMap(({ value, average }) => [Math.abs(value), Math.abs(average)]))) || 1;
  return { names, parts, column, row: BAR_ROW, head: BAR_HEAD, most, rows: rows.length, width: names + column * parts.length, height: BAR_HEAD + BAR_ROW * rows.length };
}

/** The bar of a value: its left end and width, to the right of zero where it is positive; row 0 is at the bottom. */
export function barBox(g, row, part, value) {
  const column = Math.max(0, g.parts.indexOf(part)); // what belongs to no layer stands in the first column
  const zero = g.names + g.column * (column + 0.5);
  const length = (Math.abs(value) / g.most) * (g.column / 2 - 6);
  return { x: value < 0 ? zero - length : zero, y: g.head + (g.rows - 1 - row) * g.row, width: length, zero };
}

/** The row and column at a point, or null. */
export function barAt(g, x, y) {
  if (y < g.head || x < g.names) return null;
  const row = g.rows - 1 - Math.floor((y - g.head) / g.row);
  const column = Math.floor((x - g.names) / g.column);
  return row >= 0 && column < g.parts.length ? { row, column } : null;
}
