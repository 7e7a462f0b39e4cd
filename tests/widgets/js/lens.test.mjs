import assert from "node:assert/strict";
import { test } from "node:test";
import { barAt, barBox, barsLayout } from "../../../g4lab/widgets/static/lens_bars_layout.js";
import { attributionRows, baselineWords, firstPlaces, lensCellLines, lensSentence, lensShade, lensTable, lensWords, rankShade, readLens, shortRank, sumWords } from "../../../g4lab/widgets/static/lens_data.js";

/** Two rows, two of three positions read, a vocabulary of 4; the last position has no true next token. */
function make() {
  const arrays = [
    ["top.ids", "int32", [2, 2, 1], [1, 2, 3, 1]],
    ["top.probability", "float32", [2, 2, 1], [0.5, 0.25, 0.75, 1]],
    ["true.ids", "int32", [2], [3, -1]],
    ["true.rank", "int32", [2, 2], [4, 0, 1, 0]],
    ["true.probability", "float32", [2, 2], [0.125, NaN, 0.75, NaN]],
    ["true.parts", "float32", [2, 3], [1, 2, -0.5, 0, 0, 0]],
    ["true.average", "float32", [2, 3], [0.5, 0, 0.25, 0, 0, 0]],
    ["true.logit", "float32", [2], [2.75, 0]],
    ["true.capped", "float32", [2], [2.5, 0]],
    ["true.rest", "float32", [2], [0.25, 0]],
  ];
  const bytes = [];
  const index = arrays.map(([name, dtype, shape, values]) => {
    const offset = bytes.length;
    bytes.push(...new Uint8Array((dtype === "int32" ? Int32Array : Float32Array).from(values).buffer));
    while (bytes.length % 8) bytes.push(0);
    return { name, dtype, shape, offset };
  });
  return readLens({
    header: {
      arrays: index, columns: 2, start: 1, targets: ["true"], vocabulary: 4, softcap: 30, null_first: [0, 0.25],
      rows: [{ name: "embedding", index: null }, { name: "layer 0", index: 0 }],
      components: [{ layer: null, part: "embedding" }, { layer: 0, part: "attention" }, { layer: 0, part: "experts" }],
      tokens: [{ text: "<bos>", kind: "control" }, { text: " red", kind: "text" }, { text: "<b>", kind: "text" }],
      texts: { 1: " a", 2: "b", 3: " ball" },
      priors: { true: [{ probability: 0.5, rank: 1 }, null] },
    },
    arrays: new Uint8Array(bytes).buffer,
  });
}

const state = { row: 1, token: 1, target: "true", shade: "top" };

test("a cell says its top token and the target's rank", () => {
  assert.deepEqual(lensWords(make(), state, 0, 0), { text: "·a", small: "4" });
  assert.deepEqual(lensWords(make(), state, 0, 1), { text: "b", small: "" });
});

test("shading: the top token, the target, its rank on a logarithmic scale", () => {
  assert.equal(lensShade(make(), state, 1, 0), 0.75);
  assert.equal(lensShade(make(), { ...state, shade: "probability" }, 0, 0), 0.125);
  assert.equal(lensShade(make(), { ...state, shade: "rank" }, 0, 0), 0);
  assert.equal(lensShade(make(), { ...state, shade: "rank" }, 0, 1), null);
  assert.equal(rankShade(1, 4), 1);
  assert.equal(rankShade(2, 4), 0.5);
});

test("ranks stay short", () => assert.deepEqual([9999, 26_214, 2_000_000].map(shortRank), ["9999", "26k", "2M"]));

test("the tooltip has every digit and both baselines", () => {
  assert.deepEqual(lensCellLines(make(), state, 0, 0), [
    "embedding, token 1 “·red”", "1. “·a” 0.5", "true next token “·ball”: 0.125, rank 4",
    "uniform 0.25, rank 2.5; unigram prior 0.5, rank 1",
  ]);
  assert.equal(lensCellLines(make(), state, 0, 1).at(-1), "no true next token here");
  assert.equal(baselineWords({ ...make(), priors: null }, "true", 0), "uniform 0.25, rank 2.5");
});

test("the sentence of a cell, of an end, of a layer, of what is not read", () => {
  assert.equal(
    lensSentence(make(), state),
    "Read out at layer 0, the stream at “·red” says “·ball” (0.75); the true next token “·ball” has rank 1 and probability 0.75 (uniform 0.25, rank 2.5; unigram prior 0.5, rank 1).",
  );
  assert.match(lensSentence(make(), { ...state, token: 2 }), /the text ends here/);
  assert.match(lensSentence(make(), { ...state, token: 0 }), /lies before the 2 positions/);
  assert.match(lensSentence(make(), { ...state, token: null }), /comes first at 1 of 1 positions, those of other positions at 0\.25; a guess at random would be right at 0\.25/);
});

test("first places count only where there is a target", () => {
  assert.deepEqual(firstPlaces(make(), "true", 1), { first: 1, count: 1 });
  assert.deepEqual(firstPlaces(make(), "true", 0), { first: 0, count: 1 });
});

test("attribution: a row a layer, and a sum with its rest", () => {
  assert.deepEqual(attributionRows(make(), "true", 0), [
    { name: "embedding", layer: null, parts: [{ part: "embedding", value: 1, average: 0.5 }] },
    { name: "layer 0", layer: 0, parts: [{ part: "attention", value: 2, average: 0 }, { part: "experts", value: -0.5, average: 0.25 }] },
  ]);
  assert.equal(sumWords(make(), "true", 0), "parts +2.500, unexplained +0.250, logit of “·ball” +2.750; the soft cap of 30 makes it +2.500");
});

test("bars grow from zero, to the right for the token and to the left against it", () => {
  const rows = attributionRows(make(), "true", 0);
  const g = barsLayout(544, rows);
  assert.deepEqual([g.parts, g.column, g.most, g.rows], [["attention", "experts"], 220, 2, 2]);
  const most = barBox(g, 1, "attention", 2);
  assert.deepEqual([most.x, most.width, most.y], [most.zero, 104, g.head]);
  const against = barBox(g, 1, "experts", -0.5);
  assert.equal(against.x + against.width, against.zero);
  assert.equal(against.width, 26);
  assert.deepEqual(barAt(g, against.x, against.y + 5), { row: 1, column: 1 });
  assert.equal(barAt(g, 10, 50), null);
  assert.equal(barAt(g, 300, g.height + 1), null);
});

test("the table twin", () => {
  const { heads, rows } = lensTable(make(), state);
  assert.equal(heads.length, 5);
  assert.deepEqual(rows[0], ["layer 0", "“·ball”", "0.75", 1, "0.75"]);
  assert.deepEqual(lensTable(make(), { ...state, token: null }).rows, [["layer 0", 1, 1], ["embedding", 0, 1]]);
});
