import assert from "node:assert/strict";
import { test } from "node:test";
import { busiest, cut, readContent, unused } from "../../../g4lab/widgets/static/routing_data.js";
import { makeContent, STATE } from "./content.mjs";

const content = readContent(makeContent());
const close = (actual, expected) => assert.ok(Math.abs(actual - expected) < 1e-6, `${actual} is not ${expected}`);

test("layers run upward: the first row is the last layer", () => {
  const grid = cut(content, STATE);
  assert.deepEqual(grid.rows.map((row) => row.layer), [1, 0]);
  close(grid.value(0, 0), 0.6);
  close(grid.value(1, 1), 0.625);
  close(grid.top, 0.625);
});

test("a token's cells are its effective weights, 0 where it did not go", () => {
  const grid = cut(content, { ...STATE, token: 1 });
  assert.deepEqual([0, 1, 2, 3].map((e) => grid.value(1, e)), [0, 0.75, 0.25, 0]);
});

test("one layer: a row for each token", () => {
  const grid = cut(content, { ...STATE, slice: "one", layer: 0 });
  assert.deepEqual(grid.rows.map((row) => row.token), [0, 1, 2]);
  close(grid.value(0, 0), 0.9);
  assert.equal(grid.columnOf(0, { expert: null }), null);
});

test("entropy: a column for each token, the scale ends at no preference", () => {
  const grid = cut(content, { ...STATE, show: "entropy" });
  assert.equal(grid.columns, 3);
  assert.equal(grid.top, 2);
  close(grid.value(1, 2), 1.5);
  assert.equal(grid.expert(0, 0), null);
});

test("ordered by load, a place knows its expert and the reverse", () => {
  const grid = cut(content, { ...STATE, order: "load" });
  assert.deepEqual([0, 1, 2, 3].map((column) => grid.expert(1, column)), [1, 2, 3, 0]);
  for (const expert of [0, 1, 2, 3]) assert.equal(grid.expert(1, grid.columnOf(1, { expert })), expert);
});

test("probabilities that did not travel are null until they are fetched", () => {
  const run = content.runs.before;
  assert.equal(cut(content, { ...STATE, show: "prob", token: 1 }).value(0, 0), null);
  assert.ok(run.lacks(1));
  run.keep(1, Float32Array.from([0, 0, 0, 0, 0.5, 0.5, 0, 0]));
  assert.ok(!run.lacks(1));
  assert.equal(cut(content, { ...STATE, show: "prob", token: 1 }).value(0, 0), 0.5);
});

test("the busiest and the unused", () => {
  assert.equal(busiest(content, content.runs.before, 0), 1);
  assert.equal(unused(content, content.runs.before, 0), 1);
});
