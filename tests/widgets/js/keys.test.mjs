import assert from "node:assert/strict";
import { test } from "node:test";
import { readContent } from "../../../g4lab/widgets/static/routing_data.js";
import { stepOf } from "../../../g4lab/widgets/static/routing_keys.js";
import { makeContent, STATE } from "./content.mjs";

const content = readContent(makeContent());
const step = (key, focus, state = {}) => stepOf(key, focus, { content, state: { ...STATE, ...state } });

test("left and right move along the tokens and stop at their ends", () => {
  assert.deepEqual(step("ArrowRight", "rail"), { token: 0 });
  assert.deepEqual(step("ArrowRight", "rail", { token: 0 }), { token: 1 });
  assert.deepEqual(step("ArrowRight", "rail", { token: 2 }), { token: 2 });
  assert.deepEqual(step("ArrowLeft", "rail", { token: 0 }), { token: 0 });
  assert.deepEqual(step("Home", "rail", { token: 2 }), { token: 0 });
  assert.deepEqual(step("End", "rail", { token: 0 }), { token: 2 });
});

test("up is upward through the layers", () => {
  assert.deepEqual(step("ArrowUp", "rail"), { layer: 1 });
  assert.deepEqual(step("ArrowUp", "rail", { layer: 1 }), { layer: 1 });
  assert.deepEqual(step("ArrowDown", "grid", { layer: 1 }), { layer: 0 });
});

test("in the grid, left and right move along the experts", () => {
  assert.deepEqual(step("ArrowRight", "grid"), { expert: 0 });
  assert.deepEqual(step("End", "grid", { expert: 0 }), { expert: 3 });
  assert.deepEqual(step("ArrowRight", "grid", { show: "entropy", token: 1 }), { token: 2 });
});

test("in the grid of one layer, rows are tokens read downward", () => {
  assert.deepEqual(step("ArrowDown", "grid", { slice: "one" }), { token: 0 });
  assert.deepEqual(step("ArrowDown", "grid", { slice: "one", token: 0 }), { token: 1 });
  assert.deepEqual(step("ArrowUp", "grid", { slice: "one", token: 1 }), { token: 0 });
});

test("escape lets everything go, other keys do nothing", () => {
  assert.deepEqual(step("Escape", "rail", { token: 1, expert: 2 }), { token: null, pinned: false, expert: null, swap: null });
  assert.equal(step("b", "grid"), null);
  assert.equal(step("Enter", "grid"), null);
});
