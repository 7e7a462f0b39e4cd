import assert from "node:assert/strict";
import { test } from "node:test";
import {
  cellAt, cellSize, headStep, kvTrunks, pairStep, rowOffsets, thumbAt, thumbCell, thumbLayout, thumbPlace, windowEdge,
} from "../../../g4lab/widgets/static/attention_geometry.js";
import {
  attentionSentence, attentionTable, cutNames, exactly, headLines, headTip, heldWords, missingRow, pairOf, pairTip, rankedHeads, readAttention, receiveAttention, rowOf,
} from "../../../g4lab/widgets/static/attention_data.js";
import { computeRows, exactRow, headOfFactors, headOfWeights, unfinished } from "../../../g4lab/widgets/static/attention_rows.js";

const LAYERS = [
  { index: 0, kind: "local", window: 2, owner: 0, heads: 4, kv_heads: 2 },
  { index: 1, kind: "global", window: null, owner: 1, heads: 4, kv_heads: 1 },
  { index: 2, kind: "local", window: 2, owner: 0, heads: 4, kv_heads: 2 },
  { index: 3, kind: "local", window: 2, owner: 0, heads: 4, kv_heads: 2 },
];

/** One layer of two heads, three tokens, window 2: the first head is held, [[1], [1/4, 3/4], [1/2, 1/2]]. */
function make(part = {}, extra = []) {
  const arrays = [
    ["thumbs", "uint8", [2, 1, 1], new Uint8Array([255, 128])],
    ["before", "uint8", [1, 3], new Uint8Array([0, 1, 1])],
    ["after", "uint8", [1, 3], new Uint8Array([0, 0, 0])],
    ["score.0", "float64", [1, 2], new Float64Array([0.625, 0.75])],
    ["score.1", "float64", [1, 2], new Float64Array([NaN, NaN])],
    ["head.0.0", "float32", [5], new Float32Array([1, 0.25, 0.75, 0.5, 0.5])],
    ["lengths.0.0", "float64", [3], new Float64Array([3, 1, 0])],
    ...extra,
  ];
  const raw = new Uint8Array(32 * arrays.length);
  const index = arrays.map(([name, dtype, shape, data], i) => {
    raw.set(new Uint8Array(data.buffer), 32 * i);
    return { name, dtype, shape, offset: 32 * i };
  });
  const header = {
    arrays: index, live: true, least: 2, held: [{ layer: 0, head: 0, form: "weights", start: 0 }], by_value: true, cuts: [], next: null,
    layers: [{ ...LAYERS[0], heads: 2, kv_heads: 1, bounds: 0 }],
    tokens: [{ text: "<bos>", kind: "control" }, { text: " red", kind: "text" }, { text: "<b>", kind: "text" }],
    scores: [{ name: "previous token", nulls: [0.5], rows: [2] }, { name: "induction", nulls: [null], rows: [0] }],
    ...part,
  };
  return readAttention({ header, arrays: raw.buffer });
}

const FIRST = { layer: 0, head: 0, mode: "weight" };
const BY_VALUE = { ...FIRST, mode: "value" };
const SECOND = { layer: 0, head: 1, mode: "weight" };
// queries and keys of width 1: scores log 1, log 3; the same of the second row as that of the head above
const FACTORS = [
  ["q.0.0", "float32", [3, 1], new Float32Array([1, 1, 0])],
  ["k.0.0", "float32", [3, 1], new Float32Array([0, Math.log(3), 5])],
];
const COMPUTED = { held: [{ layer: 0, head: 0, form: "factors", start: 0 }] };

test("layers run upward and groups of one K/V head have a gap between them", () => {
  const g = thumbLayout(LAYERS, 40);
  const [a, b, c] = [0, 1, 2].map((head) => thumbPlace(g, 0, head).x);
  assert.equal(b - a, 44);
  assert.equal(c - b, 52);
  assert.equal(thumbPlace(g, 1, 2).x - thumbPlace(g, 1, 1).x, 44);
  assert.ok(thumbPlace(g, 3, 0).y < thumbPlace(g, 0, 0).y);
});

test("every thumbnail is found where it stands, and nothing between them", () => {
  const g = thumbLayout(LAYERS, 40);
  for (let layer = 0; layer < 4; layer += 1) {
    for (let head = 0; head < 4; head += 1) {
      const { x, y } = thumbPlace(g, layer, head);
      assert.deepEqual(thumbAt(g, x, y), { layer, head });
      assert.deepEqual(thumbAt(g, x + 39, y + 39), { layer, head });
      assert.equal(thumbAt(g, x + 41, y + 5), null);
    }
  }
  assert.equal(thumbAt(g, 2, 2), null);
});

test("an owner points to each that borrows from it", () => {
  assert.deepEqual(kvTrunks(LAYERS), [{ owner: 0, column: 0, borrowers: [2, 3] }]);
  assert.deepEqual(kvTrunks(LAYERS.slice(0, 2)), []);
});

test("the window's edge lies under the last key that each query sees", () => {
  assert.deepEqual(windowEdge(8, 2, 80), [{ x: 0, y: 20 }, { x: 60, y: 80 }]);
  assert.equal(windowEdge(8, 8, 80), null);
  assert.equal(windowEdge(800, 8, 80), null);
  assert.equal(windowEdge(8, null, 80), null);
});

test("rows of a packed head begin where the ones before them end", () => {
  assert.deepEqual([...rowOffsets([0, 0, 1], [1, 2, 3])], [0, 1, 3, 5]);
});

test("a point in the square is a query and a key", () => {
  assert.deepEqual(cellAt(4, 400, 399, 0), { query: 0, key: 3 });
  assert.equal(cellAt(4, 400, 400, 0), null);
  assert.equal(cellSize(4096, 520), 1);
  assert.equal(cellSize(100, 520), 5);
});

test("arrows walk the heads and the pairs and stop at the ends", () => {
  assert.deepEqual(headStep("ArrowUp", LAYERS, 0, 3), { layer: 1, head: 3 });
  assert.deepEqual(headStep("ArrowUp", LAYERS, 3, 1), { layer: 3, head: 1 });
  assert.deepEqual(headStep("End", LAYERS, 2, 0), { layer: 2, head: 3 });
  assert.equal(headStep("b", LAYERS, 2, 0), null);
  assert.deepEqual(pairStep("ArrowDown", 5, 4, 2), { query: 4, key: 2 });
  assert.deepEqual(pairStep("ArrowLeft", 5, 4, 2), { query: 4, key: 1 });
  assert.deepEqual(pairStep("End", 5, 3, 0), { query: 3, key: 3 });
  // as long as nothing is chosen, the row is the one behind the last
  assert.deepEqual(["End", "Home"].map((key) => pairStep(key, 5, 5, 0)), [{ query: 4, key: 4 }, { query: 4, key: 0 }]);
});

test("the cell of a thumbnail is where the pooling put the token", () => {
  for (const [tokens, cells] of [[4096, 64], [700, 46], [3, 3], [12, 12], [65, 64]]) {
    const starts = Array.from({ length: cells }, (_, c) => Math.floor((c * tokens) / cells));
    for (let t = 0; t < tokens; t += 1) {
      const cell = thumbCell(t, tokens, cells);
      assert.ok(starts[cell] <= t && (cell + 1 === cells || t < starts[cell + 1]));
    }
  }
});

test("a weight is exact, or 0 where it is not visible, or not at hand", () => {
  const content = make();
  assert.deepEqual(pairOf(content, FIRST, 1, 1), { value: 0.75, uniform: 0.5, exact: true, visible: true });
  assert.deepEqual(pairOf(content, FIRST, 2, 0), { value: 0, uniform: 0, exact: true, visible: false });
  assert.equal(pairOf(content, SECOND, 0, 0), null);
});

test("weights times values are shares of their row, beside those of uniform weights", () => {
  // values 3, 1, 0 long: 3/4 and 3/4 of row 1; what has no length adds nothing
  const content = make();
  const row = rowOf(content, BY_VALUE, 1);
  assert.deepEqual([...row.values], [0.5, 0.5]);
  assert.deepEqual([row.uniform(0), row.uniform(1)], [0.75, 0.25]);
  assert.deepEqual([...rowOf(content, BY_VALUE, 2).values], [1, 0]);
  assert.deepEqual(pairTip(content, BY_VALUE, 1, 0).slice(1), ["weight × value: 0.5 of its row", "uniform weights × value over 2 keys: 0.75"]);
  const state = { ...BY_VALUE, token: 1, key: 0, metric: "previous token" };
  assert.match(attentionSentence(content, state), /gives 0\.5 of what it adds, by weight times length of value to 0 <bos>; with uniform weights it would be 0\.75/);
  assert.deepEqual(attentionTable(content, { ...state, key: null }).rows, [[0, "<bos>", "0.5", "0.75"], [1, "“·red”", "0.5", "0.25"]]);
});

test("a row whose values are all 0 stays 0", () => {
  const content = make();
  content.lengths.set("0.0", new Float64Array(3));
  assert.deepEqual([...rowOf(content, BY_VALUE, 1).values], [0, 0]);
  assert.equal(rowOf(content, BY_VALUE, 1).uniform(0), 0);
});

test("a head is computed from its queries and keys, row by row or all of it, to the same numbers", () => {
  const content = make(COMPUTED, FACTORS);
  const expected = [1, 0.25, 0.75, 0.5, 0.5];
  assert.deepEqual([...exactRow(content.heads.get("0.0"), content.bounds[0], 1)], [0.25, 0.75]);
  assert.deepEqual(pairOf(content, FIRST, 1, 1), { value: 0.75, uniform: 0.5, exact: true, visible: true });
  const found = content.heads.get("0.0");
  assert.ok(unfinished(found, 3));
  assert.deepEqual(computeRows(found, content.bounds[0], 1000), [0, 3]);
  assert.deepEqual([...found.data], expected);
  assert.equal(computeRows(found, content.bounds[0], 1000), null);
  assert.ok(!unfinished(found, 3));
  assert.deepEqual([...exactRow(found, content.bounds[0], 2)], [0.5, 0.5]);
});

test("computing stops when its time is up and goes on from there", () => {
  const content = make(COMPUTED, FACTORS);
  const found = content.heads.get("0.0");
  let time = 0;
  const clock = () => (time += 1);
  assert.deepEqual(computeRows(found, content.bounds[0], 0, clock), [0, 1]);
  assert.deepEqual(computeRows(found, content.bounds[0], 0, clock), [1, 2]);
  assert.deepEqual([...exactRow(found, content.bounds[0], 2)], [0.5, 0.5]);
});

test("a long row is the softmax of its products, whatever its length", () => {
  const [tokens, width] = [23, 5];
  const random = Array.from({ length: 2 * tokens * width }, (_, i) => Math.fround(Math.sin(3 * i + 1)));
  const [queries, keys] = [random.slice(0, tokens * width), random.slice(tokens * width)];
  const found = headOfFactors(new Float32Array(queries), new Float32Array(keys), tokens);
  const first = Int32Array.from({ length: tokens }, (_, t) => Math.max(0, t - 16));
  const end = Int32Array.from({ length: tokens }, (_, t) => t + 1);
  const bounds = { first, end, offsets: rowOffsets(first, end) };
  computeRows(found, bounds, 1000);
  for (let t = 0; t < tokens; t += 1) {
    const scores = Array.from({ length: end[t] - first[t] }, (_, i) => Array.from({ length: width }, (__, h) => queries[t * width + h] * keys[(first[t] + i) * width + h]).reduce((a, b) => a + b));
    const powers = scores.map((score) => Math.exp(score - Math.max(...scores)));
    const sum = powers.reduce((a, b) => a + b);
    assert.deepEqual([...exactRow(found, bounds, t)], powers.map((power) => Math.fround(power / sum)));
  }
});

test("upper halves of floats are the floats of bfloat16", () => {
  const found = headOfFactors(new Uint16Array([0x3f80, 0xc000]), new Uint16Array([0x3f80, 0x3fc0]), 2);
  assert.deepEqual([...found.factors.queries, ...found.factors.keys], [1, -2, 1, 1.5]);
});

test("of a head that is held in part the other rows are cells, and said to be missing", () => {
  const held = [{ layer: 0, head: 0, form: "weights", start: 1 }];
  const content = make({ live: false, held }, []);
  content.heads.set("0.0", headOfWeights(new Float32Array([0.25, 0.75, 0.5, 0.5]), 1));
  assert.equal(rowOf(content, FIRST, 0), null);
  assert.deepEqual([...rowOf(content, FIRST, 2).values], [0.5, 0.5]);
  assert.deepEqual(pairOf(content, FIRST, 0, 0), { value: 1, uniform: 1, exact: false, visible: true, cell: true });
  assert.match(missingRow(content, FIRST, 0), /holds the rows from token 1 on/);
  assert.equal(missingRow(content, FIRST, 1), "");
  assert.match(pairTip(content, FIRST, 0, 0).join(" "), /largest weight in this cell: ≈ 1 this page holds the rows/);
  assert.equal(headLines(content, FIRST, 0), null);
  assert.match(heldWords(content), /L0·H0 only in the rows of tokens 1 to 2/);
  assert.match(attentionSentence(content, { ...FIRST, token: 0, key: null, metric: "previous token" }), /row of token 0 needs a kernel; previous token/);
});

test("a head that comes in steps is about right until its exact row comes", () => {
  const content = make();
  receiveAttention(content, { kind: "head", layer: 0, head: 1, form: "steps", types: ["uint8", "float64"], lengths: true }, [new Uint8Array([255, 128, 221, 180, 180]), new Float64Array([1, 1, 1])]);
  const about = pairOf(content, SECOND, 1, 0);
  assert.equal(about.exact, false);
  assert.ok(Math.abs(about.value - 0.25) < 0.003);
  assert.match(pairTip(content, SECOND, 1, 0)[1], /≈ 0\.25/);
  receiveAttention(content, { kind: "row", layer: 0, head: 1, token: 1 }, [new DataView(new Float32Array([0.25, 0.75]).buffer)]);
  assert.deepEqual(pairOf(content, SECOND, 1, 0), { value: 0.25, uniform: 0.5, exact: true, visible: true });
  assert.equal(pairTip(content, SECOND, 1, 0)[1], "weight: 0.25");
  assert.deepEqual([...content.lengths.get("0.1")], [1, 1, 1]);
});

test("a head that comes as queries and keys is exact", () => {
  const content = make();
  receiveAttention(content, { kind: "head", layer: 0, head: 1, form: "factors", types: ["float32", "float32"], lengths: false }, FACTORS.map(([, , , data]) => data));
  assert.deepEqual(pairOf(content, SECOND, 1, 0), { value: 0.25, uniform: 0.5, exact: true, visible: true });
});

test("the head view keeps the heaviest keys in order and sums the others", () => {
  assert.deepEqual(headLines(make(), FIRST, 1, 1), { lines: [{ key: 1, weight: 0.75, uniform: 0.5 }], rest: 1, restWeight: 0.25 });
  assert.deepEqual(headLines(make(), FIRST, 1).lines.map(({ key }) => key), [0, 1]);
});

test("heads are ranked by score, beside the uniform head, and without an answer there is no rank", () => {
  assert.deepEqual(rankedHeads(make(), "previous token").map(({ head, value, null: uniform }) => [head, value, uniform]), [[1, 0.75, 0.5], [0, 0.625, 0.5]]);
  assert.deepEqual(rankedHeads(make(), "previous token", true).map(({ head }) => head), [0, 1]);
  assert.deepEqual(rankedHeads(make(), "induction"), []);
  assert.ok(headTip(make(), 0, 0).includes("induction: no row can answer"));
});

test("numbers are told by digits that no other float has", () => {
  for (const value of [0.1, 1 / 3, 0.7234567, 3.1e-9, 1]) {
    const single = Math.fround(value);
    assert.equal(Math.fround(Number(exactly(single))), single);
  }
  assert.equal(exactly(Math.fround(0.1)), "0.1");
  assert.equal(Number(exactly(1 / 3)), 1 / 3);
});

test("the sentence names the head, what is read, and uniform beside it", () => {
  const state = { ...FIRST, token: 1, key: null, metric: "previous token" };
  assert.equal(
    attentionSentence(make(), state),
    "Head 0 of layer 0 (local, window 2; K/V head 0): token 1 “·red” reads 1 “·red” most, 0.75 of its attention; uniform over 2 keys would be 0.5.",
  );
  assert.match(attentionSentence(make(), { ...state, token: 2, key: 0 }), /nothing to 0 <bos>, which it cannot see/);
  assert.match(attentionSentence(make(), { ...state, token: null }), /previous token 0\.625 over 2 rows; a head with uniform rows scores 0\.5/);
  assert.match(attentionSentence(make({ least: 30 }), { ...state, token: null }), /2 rows are too few for a claim, which takes 30/);
  assert.match(attentionSentence(make({ live: false }), { ...state, head: 1 }), /needs a kernel/);
});

test("the page says what it holds and what needs a kernel", () => {
  assert.match(heldWords(make({ live: false })), /1 of 2 heads are held at full size.*need a kernel/);
  const live = make();
  assert.match(heldWords(live), /^1 of 2 heads are here at full size; the kernel sends the others/);
  live.heads.set("0.1", headOfWeights(new Float32Array(6), 0));
  assert.equal(heldWords(live), "all 2 heads are here at full size");
});

test("whole layers are named by themselves", () => {
  assert.equal(cutNames(make({ cuts: [[0, 1]] })), "L0·H1 cut");
  assert.equal(cutNames(make({ cuts: [[0, 0], [0, 1]] })), "all heads of L0 cut");
});
