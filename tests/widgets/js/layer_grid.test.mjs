import assert from "node:assert/strict";
import { test } from "node:test";
import { fittedText, gridAt, gridCell, gridLayout, gridReveal, gridSeen, gridStep } from "../../../g4lab/widgets/static/layer_grid_geometry.js";

const wide = gridLayout({ width: 1000, rows: 6, columns: 10, cell: [20, 60], row: 24, beside: 200 });
const long = gridLayout({ width: 1000, rows: 6, columns: 400, cell: [20, 60], row: 24, beside: 200 });
const still = { left: 0, top: 0 };

test("cells grow to fill the frame, within their limits", () => {
  assert.equal(wide.cell, 60);
  assert.equal(wide.fullWidth, 0);
  assert.equal(gridLayout({ width: 504, rows: 1, columns: 20, cell: [10, 60], row: 24 }).cell, 22);
  assert.equal(long.cell, 20);
  assert.equal(long.fullWidth, 104 + 400 * 20 + 200);
});

test("a narrow frame has no column beside the cells", () => {
  const narrow = gridLayout({ width: 360, rows: 6, columns: 4, cell: [20, 60], row: 24, beside: 200 });
  assert.deepEqual([narrow.side, narrow.names, narrow.cell], [0, 52, 60]);
  assert.equal(gridAt(narrow, still, 355, 60), null);
});

test("the first layer is at the bottom", () => {
  assert.deepEqual(gridCell(wide, still, 0, 0), { x: 104, y: 22 + 5 * 24 });
  assert.deepEqual(gridCell(wide, still, 5, 2), { x: 224, y: 22 });
});

test("what lies at a point is what was painted there", () => {
  for (const [g, scroll] of [[wide, still], [long, { left: 1230, top: 0 }], [long, { left: 50, top: 30 }]])
    for (const [row, column] of [[0, 3], [4, 5], [2, 70]]) {
      if (column >= g.columns) continue;
      const { x, y } = gridCell(g, scroll, row, column);
      if (x < g.names || x + g.cell > g.names + g.room || y < g.head) continue;
      for (const [dx, dy] of [[0, 0], [g.cell - 1, g.row - 1]])
        assert.deepEqual(gridAt(g, scroll, x + dx, y + dy), { zone: "cell", row, column });
    }
  assert.equal(gridAt(wide, still, 10, 30).zone, "name");
  assert.equal(gridAt(wide, still, 10, 30).row, 5);
  assert.equal(gridAt(wide, still, 800, 30).zone, "side");
  assert.equal(gridAt(wide, still, 300, 5), null);
  assert.equal(gridAt(wide, still, 300, 22 + 6 * 24), null);
});

test("only what is in sight is painted", () => {
  assert.deepEqual(gridSeen(wide, still, 500), { columns: [0, 10], rows: [0, 6] });
  const seen = gridSeen(long, { left: 100, top: 24 }, 22 + 48);
  assert.deepEqual(seen.columns, [5, 5 + Math.ceil(long.room / 20)]);
  assert.deepEqual(seen.rows, [3, 5]);
});

test("a cell is brought into sight, and no further than needed", () => {
  assert.deepEqual(gridReveal(long, still, 500, 0, 2), { left: 0, top: 0 });
  const { left } = gridReveal(long, still, 500, 0, 100);
  assert.equal(left, 101 * 20 - long.room);
  const { x } = gridCell(long, { left, top: 0 }, 0, 100);
  assert.equal(x + 20, long.names + long.room);
});

test("keys walk along tokens and layers and stop at the edges", () => {
  const at = { row: 2, column: null };
  assert.deepEqual(gridStep("ArrowRight", at, 6, 10), { row: 2, column: 0 });
  assert.deepEqual(gridStep("ArrowLeft", at, 6, 10), { row: 2, column: 9 });
  assert.deepEqual(gridStep("ArrowUp", { row: 5, column: 3 }, 6, 10), { row: 5, column: 3 });
  assert.deepEqual(gridStep("ArrowDown", { row: 5, column: 3 }, 6, 10), { row: 4, column: 3 });
  assert.deepEqual(gridStep("End", at, 6, 10), { row: 2, column: 9 });
  assert.equal(gridStep("b", at, 6, 10), null);
});

test("a text is cut between characters, never inside one", () => {
  const measure = (text) => 10 * [...text].length;
  assert.equal(fittedText("ball", 40, measure), "ball");
  assert.equal(fittedText("balloon", 40, measure), "bal…");
  assert.equal(fittedText("😀😀😀", 20, measure), "😀…");
  assert.equal(fittedText("ball", 5, measure), "");
});
