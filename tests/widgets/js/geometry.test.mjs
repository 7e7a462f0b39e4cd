import assert from "node:assert/strict";
import { test } from "node:test";
import { at, cellBox, layout, scrollTo, seen } from "../../../g4lab/widgets/static/grid_geometry.js";

const NOWHERE = { left: 0, top: 0 };

test("a point in the middle of a cell finds that cell, at every width", () => {
  for (const width of [360, 559, 560, 1100, 1600]) {
    for (const columns of [8, 32, 128]) {
      const g = layout(width, 6, columns, 26, true);
      for (const row of [0, 3, 5]) {
        for (const column of [0, 7, columns - 1]) {
          const scroll = scrollTo({ ...g, height: g.fullHeight }, NOWHERE, row, column);
          const box = cellBox(g, scroll, row, column);
          const found = at(g, scroll, box.x + box.width / 2, box.y + box.height / 2);
          assert.deepEqual(found, { zone: "cell", row, column });
        }
      }
    }
  }
});

test("the parts lie side by side inside the frame", () => {
  for (const width of [560, 900, 1600]) {
    const g = layout(width, 6, 128, 26, true);
    assert.ok(g.names < g.cellsEnd && g.cellsEnd < g.besideAt);
    assert.ok(g.besideAt + g.beside <= width);
  }
});

test("cells that fit do not make the frame scroll", () => {
  assert.equal(layout(1100, 6, 32, 26, true).fullWidth, 0);
  assert.ok(layout(700, 6, 128, 26, true).fullWidth > 700);
});

test("a narrow frame stacks the load above the cells and has no column beside them", () => {
  const g = layout(360, 6, 32, 26, true);
  assert.equal(g.beside, 0);
  assert.ok(g.row > 26);
  assert.equal(layout(360, 6, 32, 26, false).row, 26);
});

test("names and the column beside are told apart from cells", () => {
  const g = layout(1100, 6, 32, 26, true);
  assert.equal(at(g, NOWHERE, 5, g.header + 5).zone, "name");
  assert.equal(at(g, NOWHERE, g.besideAt + 5, g.header + 5).zone, "side");
  assert.equal(at(g, NOWHERE, 200, 2), null);
  assert.equal(at(g, NOWHERE, 200, g.fullHeight + 50), null);
});

test("scrolling moves no further than needed", () => {
  const g = { ...layout(700, 30, 128, 26, true), height: 200 };
  const there = scrollTo(g, NOWHERE, 20, 100);
  assert.deepEqual(scrollTo(g, there, 20, 100), there);
  assert.deepEqual(scrollTo(g, there, 0, 0), NOWHERE);
});

test("only what is in sight is drawn", () => {
  assert.deepEqual(seen(0, 10, 35, 100), [0, 4]);
  assert.deepEqual(seen(25, 10, 35, 100), [2, 6]);
  assert.deepEqual(seen(980, 10, 35, 100), [98, 100]);
});
