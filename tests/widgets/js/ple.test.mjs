import assert from "node:assert/strict";
import { test } from "node:test";
import { layerMean, pleCellLines, pleLayerLines, pleSentence, pleTable, readPle } from "../../../g4lab/widgets/static/ple_data.js";

/** Two layers, three tokens (the first a control token); everything is a multiple of 1/8, so nothing rounds. */
function make(withNull = true) {
  const arrays = { ratio: [0.5, 0.25, 0.75, 1, 2, 0.5], added: [1, 2, 3, 4, 5, 6], stream: [2, 8, 4, 4, 2.5, 12] };
  if (withNull) Object.assign(arrays, { null_mean: [0.5, 0.5, 0.5, 1, 1, 1], null_low: [0, 0, 0.25, 0, 0, 0], null_high: [1, 1, 0.75, 1, 1, 1] });
  const names = Object.keys(arrays);
  const raw = new Float32Array(names.flatMap((name) => arrays[name]));
  return readPle({
    header: {
      arrays: names.map((name, i) => ({ name, dtype: "float32", shape: [2, 3], offset: 24 * i })),
      layers: [{ index: 0, kind: "local" }, { index: 4, kind: "global" }],
      tokens: [{ text: "<bos>", kind: "control" }, { text: " red", kind: "text" }, { text: "<b>", kind: "text" }],
      off: [], shuffles: 4, no_null: "no null beside it",
    },
    arrays: raw.buffer,
  });
}

test("a control token does not count toward a layer's mean", () => {
  assert.equal(layerMean(make(), "ratio", 0), 0.5);
  assert.equal(layerMean(make(), "ratio", 1), 1.25);
});

test("the scale ends at the largest of measure and null", () => assert.equal(make().most, 2));

test("the sentence of a token has its null", () => {
  assert.equal(
    pleSentence(make(), { row: 0, token: 2 }),
    "At layer 0 PLE adds to “<b>” a vector 0.750 times as long as its residual stream (3.00 on 4.00); " +
      "with the same tokens shuffled it is 0.500 (0.250 to 0.750 in 4 shuffles).",
  );
  assert.match(pleSentence(make(false), { row: 0, token: 2 }), /no null beside it/);
  assert.match(pleSentence(make(), { row: 1, token: null }), /At layer 4 .* 1\.25 times .*shuffled, 1\.00/);
  assert.match(pleSentence({ ...make(), off: [4] }, { row: 1, token: null }), /switched off at layer 4 in/);
});

test("the tooltip has every digit", () => {
  assert.deepEqual(pleCellLines(make(), 1, 1), [
    "layer 4, token 1 “·red”", "PLE adds: 5", "stream before it: 2.5", "ratio: 2", "shuffled: 1, 0.00 to 1.00 in 4 shuffles",
  ]);
  assert.deepEqual(pleLayerLines(make(false), 1), ["layer 4, global", "mean ratio: 1.25"]);
});

test("the table has the layers upward", () => {
  const { heads, rows } = pleTable(make(), { token: 1 });
  assert.deepEqual(heads, ["layer", "kind", "ratio", "PLE adds", "stream before it", "ratio, shuffled"]);
  assert.deepEqual(rows, [[4, "global", "2", "5", "2.5", "1"], [0, "local", "0.25", "2", "8", "0.5"]]);
});
