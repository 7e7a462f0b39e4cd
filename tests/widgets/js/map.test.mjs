import assert from "node:assert/strict";
import { test } from "node:test";
import { headMarks, mapAt, mapLayout, rowTop, sharingArrows, sightShare, stacked } from "../../../g4lab/widgets/static/map_layout.js";
import { cachedBytes, cacheOf, listed, mapSentence, partsOf } from "../../../g4lab/widgets/static/map_data.js";
import { bytesInWords, grouped, shortCount } from "../../../g4lab/widgets/static/view_frame.js";

const layer = (index, kind, rest = {}) => ({
  index, kind, window: kind === "local" ? 4 : null, heads: 4, kv_heads: 2, head_dim: 8, feedforward: 32, experts: 0, chosen: 0,
  expert_feedforward: 0, ple_dim: 0, owner: index, borrows: false, borrowers: [], key_is_value: false, active_experts: 0,
  parameters: { attention: 60, "dense MLP": 30, norms: 10 }, cache_per_token: 64, alone_per_token: 64, ...rest,
});
const content = {
  config: { width: 16, window: 4, max_positions: 1024, shared_layers: 1 },
  layers: [layer(0, "local"), layer(1, "global", { borrowers: [2] }), layer(2, "global", { owner: 1, borrows: true, cache_per_token: 0 })],
  parameters: { "token embedding": 1000, attention: 180, "dense MLP": 90, norms: 30 },
  parts: { attention: { formula: "softmax(q k) v", file: "attention.py" } },
  lengths: [64, 1024],
};

test("a point in the middle of a row's column finds it, at every width", () => {
  for (const width of [360, 700, 1100, 1600]) {
    const g = mapLayout(width, 35);
    for (const index of [0, 17, 34]) {
      for (const [name, { x, width: size }] of Object.entries(g.columns)) {
        assert.deepEqual(mapAt(g, x + size / 2, rowTop(g, index) + g.row / 2), { layer: index, column: name });
      }
    }
    assert.ok(Math.max(...Object.values(g.columns).map((column) => column.x + column.width)) <= g.width);
  }
});

test("layers run upward and nothing lies above or below them", () => {
  const g = mapLayout(900, 3);
  assert.ok(rowTop(g, 2) < rowTop(g, 1) && rowTop(g, 1) < rowTop(g, 0));
  assert.equal(mapAt(g, 10, g.titles - 1), null);
  assert.equal(mapAt(g, 10, g.titles + 3 * g.row), null);
});

test("parts lie end to end and fill their share of the room", () => {
  const bars = stacked([{ part: "a", count: 1 }, { part: "b", count: 3 }], 8, 80);
  assert.deepEqual(bars, [{ part: "a", x: 0, width: 10 }, { part: "b", x: 10, width: 30 }]);
});

test("query heads stand over the K/V head that they share, inside the room", () => {
  const { ticks, bars } = headMarks(8, 2, 200);
  assert.equal(ticks.length, 8);
  assert.equal(bars.length, 2);
  assert.equal(bars[1].x, ticks[4].x);
  assert.ok(bars[0].x + bars[0].width < bars[1].x);
  const many = headMarks(32, 16, 180);
  assert.ok(many.bars.at(-1).x + many.bars.at(-1).width <= 180);
});

test("one spine an owner, from its row to its last borrower", () => {
  assert.deepEqual(sharingArrows(content.layers), [{ owner: 1, lane: 0, borrowers: [2], top: 2 }]);
});

test("what a token sees, on a logarithmic scale", () => {
  assert.equal(sightShare(content.layers[1], 1024), 1);
  assert.equal(sightShare({ window: 32 }, 1024), 0.5);
});

test("a window fills, a global layer grows, a borrower keeps nothing", () => {
  assert.deepEqual(content.layers.map((l) => cachedBytes(l, 3)), [192, 192, 0]);
  assert.deepEqual(content.layers.map((l) => cachedBytes(l, 100)), [256, 6400, 0]);
  assert.deepEqual(cacheOf(content.layers, 100), { bytes: 6656, alone: 19200 });
});

test("parts come in one order, those that a model lacks not at all", () => {
  assert.deepEqual(partsOf(content, null).map(({ part }) => part), ["token embedding", "attention", "dense MLP", "norms"]);
  assert.deepEqual(partsOf(content, 0).map(({ count }) => count), [60, 30, 10]);
});

test("sentences hold the exact numbers", () => {
  const state = { layer: null, part: null, tokens: 1024 };
  assert.match(mapSentence(content, state), /1,300 parameters.*64\.25 KiB.*192 KiB, 2\.99 times/);
  assert.match(mapSentence(content, { ...state, layer: 2 }), /borrows K\/V from layer 1.*adds nothing to the cache/);
  assert.match(mapSentence(content, { ...state, layer: 1 }), /lends them to 2.*64 bytes a token, 64 KiB at 1,024 tokens/);
  assert.match(mapSentence(content, { ...state, layer: 1, part: "attention" }), /60 parameters, 60\.0 % of layer 1/);
});

test("numbers in words", () => {
  assert.equal(grouped(4628569344), "4,628,569,344");
  assert.equal(bytesInWords(0), "0 B");
  assert.equal(bytesInWords(6291456), "6 MiB");
  assert.equal(bytesInWords(1536), "1.500 KiB");
  assert.equal(shortCount(4628569344), "4.63 B");
  assert.equal(shortCount(7), "7");
  assert.equal(listed([1, 2, 3]), "1, 2, 3");
  assert.equal(listed(Array.from({ length: 16 }, (_, i) => i + 15)), "15, 16, 17 … 30 (16 layers)");
});
