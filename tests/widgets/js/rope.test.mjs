import assert from "node:assert/strict";
import { test } from "node:test";
import { angleAt, curveColumns, dialAt, dialLayout, handEnd, meanDot, pairDot, tokensPerTurn, turnsOf } from "../../../g4lab/widgets/static/rope_math.js";
import { curveWidth, distanceAt } from "../../../g4lab/widgets/static/rope_paint.js";

const close = (actual, expected, within = 1e-6) => assert.ok(Math.abs(actual - expected) < within, `${actual} is not ${expected}`);
const QUARTER = Math.fround(Math.PI / 2);

test("an angle is a float32", () => {
  const f = Math.fround(0.1);
  assert.equal(angleAt(131071, f), Math.fround(131071 * f));
  assert.notEqual(angleAt(131071, f), 131071 * f);
  assert.equal(angleAt(99, 0), 0);
});

test("turns and what is left of one", () => {
  const { turns, degrees } = turnsOf(2 * Math.PI * 3 + Math.PI / 2);
  assert.equal(turns, 3);
  close(degrees, 90);
  assert.deepEqual(turnsOf(0), { turns: 0, degrees: 0 });
});

test("a pair that never turns keeps its dot product", () => {
  assert.equal(pairDot(12345, 0), 1);
  assert.equal(tokensPerTurn(0), Infinity);
  close(tokensPerTurn(QUARTER), 4);
  close(meanDot(1, [QUARTER, 0]), 0.5);
  close(meanDot(2, [QUARTER, 0]), 0);
});

test("the curve's columns hold the lowest and the highest of their distances", () => {
  const exact = curveColumns([QUARTER], 4, 4);
  [1, 0, -1, 0].forEach((value, column) => {
    close(exact[column].low, value);
    close(exact[column].high, value);
  });
  const [one] = curveColumns([QUARTER], 4, 1);
  close(one.low, -1);
  close(one.high, 1);
  assert.equal(curveColumns([QUARTER], 131072, 300).length, 300);
});

test("more columns than distances leave no column empty", () => {
  for (const { low, high } of curveColumns([QUARTER], 64, 900)) assert.ok(Number.isFinite(low) && low <= high);
});

test("a point in the middle of a dial finds its pair, at every width", () => {
  for (const width of [200, 344, 984, 1600]) {
    for (const pairs of [8, 128, 256]) {
      const g = dialLayout(width, pairs);
      for (const pair of [0, Math.floor(pairs / 2), pairs - 1]) {
        const [x, y] = [((pair % g.columns) + 0.5) * g.size, (Math.floor(pair / g.columns) + 0.5) * g.size];
        assert.equal(dialAt(g, x, y), pair);
      }
      assert.equal(dialAt(g, 0.5 * g.size, (g.rows + 0.5) * g.size), null);
      assert.ok(g.columns * g.size <= Math.max(width, 8 * g.size));
    }
  }
});

test("a hand starts upright and turns clockwise", () => {
  const up = handEnd(10, 10, 5, 0);
  close(up.x, 10);
  close(up.y, 5);
  const right = handEnd(10, 10, 5, Math.PI / 2);
  close(right.x, 15);
  close(right.y, 10);
});

test("the ends of the curve are its ends", () => {
  const width = 500;
  assert.equal(distanceAt(width, 512, 34), 0);
  assert.equal(distanceAt(width, 512, width - 10), 512);
  assert.equal(distanceAt(width, 512, 5), null);
  assert.equal(curveWidth(width), 456);
});
