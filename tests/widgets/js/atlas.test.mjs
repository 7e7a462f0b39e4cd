import assert from "node:assert/strict";
import { test } from "node:test";
import {
  atlasSentence, atlasTable, boxWords, budgetRows, dataUri, lensNull, lossRows, lossWords, MEAN, readAs, readAtlas, receiveRow, shareOf, softLines, uniformAt, weightsOf,
} from "../../../g4lab/widgets/static/atlas_data.js";
import { boxOfPoints, boxOfTokens, filmLayout, pictureLayout, softAt, softBox, softCell, softStep, soundLayout, tokensInBox } from "../../../g4lab/widgets/static/atlas_geometry.js";
import { overlayOf } from "../../../g4lab/widgets/static/atlas_paint.js";

// 7 tokens: bos, a picture of 1 x 2, a sound of 2, two words of which the last is the answer; 2 layers of 2 heads
function made(held = [{ token: 5, form: "heads" }]) {
  const index = [];
  const blocks = [];
  let offset = 0;
  const add = (name, dtype, shape, data) => {
    const raw = new Uint8Array(data.buffer);
    const padding = (8 - (raw.length % 8)) % 8;
    index.push({ name, dtype, shape, offset });
    blocks.push(...raw, ...new Array(padding).fill(0));
    offset += raw.length + padding;
  };
  const rows = [[0.5, 0.25, 0, 0, 0, 0.25, 0], [0, 0.75, 0.25, 0, 0, 0, 0], [0, 0, 0, 0, 0.5, 0.5, 0], [0, 0, 0, 0, 0, 1, 0]];
  const [global, local] = [rows.slice(0, 2), rows.slice(2)];
  if (held[0]?.form === "heads") add("row.5", "float32", [4, 7], Float32Array.from([...local, ...global].flat()));
  if (held[0]?.form === "means") add("row.5", "float32", [2, 7], Float32Array.from([local, global].flatMap(([a, b]) => a.map((x, i) => (x + b[i]) / 2))));
  add("before", "uint8", [2, 7], Uint8Array.from([0, 1, 1, 1, 1, 1, 1, 0, 1, 2, 3, 4, 5, 6])); // a window of 2, and all
  add("after", "uint8", [2, 7], new Uint8Array(14));
  add("lens.ids", "int32", [3, 4, 2], Int32Array.from({ length: 24 }, (_, i) => i % 3));
  add("lens.probability", "float32", [3, 4, 2], Float32Array.from({ length: 24 }, (_, i) => (i % 2 ? 0.25 : 0.5)));
  add("lens.null", "float32", [3, 4], Float32Array.from({ length: 12 }, (_, i) => i / 16));
  add("loudness.1", "float32", [2], Float32Array.from([0.125, NaN]));
  const header = {
    arrays: index, held, live: false, can_hide: false, editable: false, lens: true, vocabulary: 8, word: 5, answer: [6, 7], side: 48, patch: 16,
    model: { name: "made", label: "by hand" },
    tokens: ["<bos>", "<|image|>", "<|image|>", "<|audio|>", "<|audio|>", " the", " box"].map((text, id) => ({ id, text, kind: ["control", "image", "image", "audio", "audio", "text", "text"][id] })),
    layers: [{ index: 0, kind: "local", window: 2, heads: 2, bounds: 0 }, { index: 1, kind: "global", window: null, heads: 2, bounds: 1 }],
    parts: [{ kind: "image", number: 0, start: 1, end: 3, rows: 1, columns: 2, name: "picture 0" }, { kind: "audio", number: 0, start: 3, end: 5, rows: 1, columns: 2, name: "sound 0" }],
    counts: { text: 3, image: 2, video: 0, audio: 2 }, texts: { 0: " red", 1: "<b>", 2: "ball" },
  };
  return { header, arrays: Uint8Array.from(blocks) };
}
const content = readAtlas(made());
const STATE = { token: null, word: 5, layer: 1, head: MEAN, part: 0, overlay: "attention" };

test("soft tokens lie in rows, and a point finds them", () => {
  const g = pictureLayout({ rows: 2, columns: 3 }, 48, 300, 1000);
  assert.deepEqual([g.scale, g.cell, g.width, g.height].map((x) => Math.round(1000 * x) / 1000), [2.083, 100, 300, 200]);
  assert.deepEqual(softCell(g, 4), { x: 100, y: 100, width: 100, height: 100 });
  assert.deepEqual([softAt(g, 0, 0), softAt(g, 299, 199), softAt(g, 100, 99), softAt(g, 300, 10), softAt(g, 5, -1)], [0, 5, 1, null, null]);
  assert.equal(pictureLayout({ rows: 1, columns: 1 }, 48, 900, 1000).width, 192, "no pixel becomes larger than four");
  assert.equal(pictureLayout({ rows: 4, columns: 1 }, 48, 900, 96).height, 96);
});

test("a sound's tokens are columns of 40 ms", () => {
  const g = soundLayout(25, 500);
  assert.deepEqual(softCell(g, 3), { x: 60, y: 0, width: 20, height: g.height });
  assert.deepEqual([softAt(g, 0, 5), softAt(g, 499.9, 5), softAt(g, 500, 5)], [0, 24, null]);
  assert.ok(g.mel.top > g.wave.height && g.lane.top > g.mel.top + g.mel.height);
});

test("keys walk the grid and stop at its edges", () => {
  const step = (key, token) => softStep(key, token, { rows: 2, columns: 3 });
  assert.deepEqual(["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp", "Home", "End"].map((key) => step(key, 1)), [2, 0, 4, 1, 0, 5]);
  assert.deepEqual([step("ArrowRight", 2), step("ArrowDown", 5), step("b", 2), step("ArrowRight", null), step("End", null), step("b", null)], [2, 5, null, 0, 5, null]);
});

test("boxes are of whole patches, inside the picture", () => {
  const g = pictureLayout({ rows: 2, columns: 3 }, 48, 288, 1000); // two canvas pixels to one of the picture
  assert.deepEqual(boxOfPoints(g, { x: 40, y: 10 }, { x: 70, y: 33 }, 16), [16, 0, 48, 32]);
  assert.deepEqual(boxOfPoints(g, { x: 70, y: 33 }, { x: 40, y: 10 }, 16), [16, 0, 48, 32], "whichever way it is drawn");
  assert.deepEqual(boxOfPoints(g, { x: 280, y: 180 }, { x: 900, y: 900 }, 16), [128, 80, 144, 96]);
  assert.deepEqual(boxOfPoints(g, { x: -50, y: -5 }, { x: 1, y: 1 }, 16), [0, 0, 16, 16]);
  assert.deepEqual(softBox(4, 3, 48), [48, 48, 96, 96]);
  assert.deepEqual(boxOfTokens(5, 1, 3, 48), [48, 0, 144, 96]);
  assert.deepEqual([tokensInBox([16, 0, 48, 32], 48), tokensInBox([47, 47, 49, 49], 48)], [1, 4]);
  assert.equal(boxWords([16, 0, 48, 32], 48), "32 x 32 pixels from (16, 0), in 1 soft token");
  assert.match(boxWords(null, 48), /drag a box.*Shift/);
});

test("thumbnails wrap, and a click finds one", () => {
  const g = filmLayout(5, 130, 52, 18);
  assert.deepEqual([g.at(0), g.at(3)], [{ x: 0, y: 0 }, { x: 58, y: 70 }]);
  assert.deepEqual([g.find(60, 75), g.find(60, 145), g.find(129, 5)], [3, null, null]);
});

test("heads, their mean, and what uniform attention gives", () => {
  assert.deepEqual([...weightsOf(content, 5, 1, 0)], [0.5, 0.25, 0, 0, 0, 0.25, 0]);
  assert.deepEqual([...weightsOf(content, 5, 1, MEAN)], [0.25, 0.5, 0.125, 0, 0, 0.125, 0]);
  assert.equal(weightsOf(content, 6, 1, MEAN), null);
  assert.deepEqual([uniformAt(content, 5, 1, 0), uniformAt(content, 5, 1, 6), uniformAt(content, 5, 0, 4), uniformAt(content, 5, 0, 3)], [1 / 6, 0, 0.5, 0]);
  assert.deepEqual(shareOf(content, 5, 1, weightsOf(content, 5, 1, MEAN), content.parts[0]), { weight: 0.625, uniform: 2 / 6, seen: 2, ratio: 0.625 / (2 / 6) });
  assert.deepEqual(shareOf(content, 5, 0, weightsOf(content, 5, 0, MEAN), content.parts[0]), { weight: 0, uniform: 0, seen: 0, ratio: null });
});

test("a page that holds means only says so for a head", () => {
  const means = readAtlas(made([{ token: 5, form: "means" }]));
  assert.deepEqual([...weightsOf(means, 5, 1, MEAN)], [0.25, 0.5, 0.125, 0, 0, 0.125, 0]);
  assert.equal(weightsOf(means, 5, 1, 0), null);
  assert.match(atlasSentence(means, { ...STATE, head: 0 }), /not held in this page head by head; choose the mean/);
  assert.match(atlasSentence(means, { ...STATE, word: 6 }), /another word's attention needs a kernel/);
});

test("a row from the kernel is taken in", () => {
  const fresh = readAtlas(made());
  receiveRow(fresh, { token: 6 }, [new DataView(Float32Array.from({ length: 28 }, (_, i) => i).buffer)]);
  assert.deepEqual([...weightsOf(fresh, 6, 1, 1)], [21, 22, 23, 24, 25, 26, 27]);
});

test("sentences have the exact numbers and the window", () => {
  assert.equal(
    atlasSentence(content, STATE),
    "Token 5, “·the”, which says “·box” of the answer, puts 0.625 of its attention on picture 0, in layer 1 (global), mean over 2 heads; uniform attention would put 0.3333333 there (1.88 times).",
  );
  assert.match(atlasSentence(content, { ...STATE, layer: 0 }), /cannot see picture 0 in layer 0 \(local\), mean over 2 heads: the layer's window of 2 tokens begins at token 4/);
  assert.match(atlasSentence(content, { ...STATE, layer: 0, part: 1 }), /sound 0, of which it sees 1 of 2 soft tokens/);
  const soft = atlasSentence(content, { ...STATE, token: 2, head: 1 });
  assert.match(soft, /^Soft token 1 of picture 0, position 2: row 0, column 1, pixels 48 to 95 across and 0 to 47 down\. /);
  assert.match(soft, /reads 0\.25 of it in layer 1 \(global\), head 1; uniform would be 0\.1666667 \(1\.5 times\)\. After layer 1 it is read as “·red” with 0\.5; shuffled, the same stream has a top probability of 0\.5625\.$/);
  assert.match(atlasSentence(content, { ...STATE, token: 3 }), /sound 0, position 3: 0\.00 to 0\.04 s, loudness \(RMS\) 0\.125/);
  assert.match(atlasSentence(content, { ...STATE, token: 4 }), /0\.04 to 0\.08 s\. /, "no loudness behind the last sample");
  assert.match(atlasSentence(content, { ...STATE, token: 0 }), /^Token 0, <bos>, is control\. Pin it/);
});

test("the lens of a soft token has its null", () => {
  assert.deepEqual(readAs(content, 1, 0), { tokens: [{ id: 2, probability: 0.5 }, { id: 0, probability: 0.25 }], null: 0.25 });
  assert.equal(readAs(content, 5, 0), null, "a word has none here");
  assert.deepEqual(lensNull(content, 1), { real: 0.5, shuffled: (8 + 9 + 10 + 11) / 64 });
  assert.deepEqual(softLines(content, STATE, 1).slice(2), ["attention 0.5, uniform 0.1666667", "1. “<b>” 0.5", "2. “ball” 0.25", "shuffled: 0.5"]);
});

test("the table has a row for each soft token of the part", () => {
  const { heads, rows } = atlasTable(content, { ...STATE, part: 1, layer: 0 });
  assert.equal(heads.length, rows[0].length);
  assert.deepEqual(rows.map((row) => row.slice(0, 6)), [[0, 3, 0, 0, "0", "0"], [1, 4, 0, 1, "0.25", "0.5"]]);
});

test("overlays share one scale over all parts, and a difference is centred on zero", () => {
  const weights = weightsOf(content, 5, 1, MEAN);
  const { range, value } = overlayOf(content, STATE, content.parts[0], weights);
  assert.deepEqual([range, value(0), value(1)], [{ low: 0, high: 0.5, diverging: false }, 0.5, 0.125]);
  const minus = overlayOf(content, { ...STATE, overlay: "difference" }, content.parts[0], weights);
  assert.deepEqual([minus.range.low, minus.range.high], [-(0.5 - 1 / 6), 0.5 - 1 / 6]);
  assert.equal(minus.value(1), 0.125 - 1 / 6);
  assert.equal(overlayOf(content, { ...STATE, layer: 0 }, content.parts[0], weightsOf(content, 5, 0, MEAN)).value(0), null, "out of sight");
  assert.equal(overlayOf(content, { ...STATE, overlay: "tokens" }, content.parts[0], weights), null);
});

test("what hiding did, token by token", () => {
  const hiding = { before: [Math.log(0.5)], after: [Math.log(0.125)], nulls: [[Math.log(0.5)], [Math.log(0.25)]] };
  const [row] = lossRows(content, hiding);
  assert.deepEqual([row.text, row.before, row.after, row.elsewhere].map((x) => (typeof x === "number" ? Number(x.toFixed(12)) : x)), ["“·box”", 0.5, 0.125, 0.375]);
  assert.equal(lossWords(hiding), "Δ log-probability of the answer −1.39, elsewhere +0.00, −0.69");
  assert.equal(lossRows(content, { ...hiding, nulls: [] })[0].elsewhere, null);
});

test("the budget adds up, and files become addresses", () => {
  assert.deepEqual(budgetRows(content), [{ kind: "text", count: 3, share: 3 / 7 }, { kind: "image", count: 2, share: 2 / 7 }, { kind: "audio", count: 2, share: 2 / 7 }]);
  const bytes = Uint8Array.from({ length: 20_000 }, (_, i) => i % 251);
  assert.equal(dataUri("image/png", bytes), `data:image/png;base64,${Buffer.from(bytes).toString("base64")}`);
});
