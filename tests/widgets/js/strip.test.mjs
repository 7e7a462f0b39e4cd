import assert from "node:assert/strict";
import { test } from "node:test";
import { blocksAround, characterOf, readStrip, stripSentence, tokenLines } from "../../../g4lab/widgets/static/strip_data.js";
import { inkOn, scoreColor, scorePlace, scoreRange } from "../../../g4lab/widgets/static/strip_scale.js";

const arrays = [];
const bytes = [];
function add(name, dtype, data) {
  const raw = new Uint8Array(data.buffer);
  arrays.push({ name, dtype, shape: [data.length], offset: bytes.length });
  bytes.push(...raw, ...new Array((8 - (raw.length % 8)) % 8).fill(0));
}
add("id", "int32", Int32Array.from([2, 15, 7, 226, 152]));
add("piece", "uint8", Uint8Array.from([0, 1, 2, 3, 4]));
add("kind", "uint8", Uint8Array.from([1, 1, 0, 2, 2]));
add("byte_end", "int32", Int32Array.from([5, 12, 15, 16, 17]));
add("bytes", "uint8", Uint8Array.from([...new TextEncoder().encode("<bos><|turn> hi"), 0xe2, 0x98]));
add("score.0", "float64", Float64Array.from([NaN, 0.1, -2.5, 0, 1]));
const header = {
  arrays,
  texts: ["<bos>", "<|turn>", " hi", "<0xE2>", "<0x98>"],
  kinds: ["text", "control", "byte"],
  blocks: [{ name: "turn", label: "user", start: 1, end: 5, depth: 0, closed: false }, { name: "thought", label: "thought", start: 2, end: 3, depth: 1, closed: true }],
  characters: [[3, 5, "☃"]],
  scores: [{ name: "effect", unit: "nats", chance: 0 }],
};
const content = readStrip({ header, arrays: Uint8Array.from(bytes) });

test("tokens get back their bytes; a byte piece is shown as its byte", () => {
  assert.deepEqual(content.tokens.map(({ text }) => text), ["<bos>", "<|turn>", " hi", "0xE2", "0x98"]);
  assert.deepEqual([...content.tokens[2].bytes], [0x20, 0x68, 0x69]);
});

test("where a token stands, from the outside in", () => {
  assert.deepEqual(blocksAround(content, 2).map(({ label }) => label), ["user", "thought"]);
  assert.deepEqual(blocksAround(content, 0), []);
});

test("a byte knows its character", () => {
  assert.deepEqual(characterOf(content, 4), { place: 2, size: 2, text: "☃" });
  assert.equal(characterOf(content, 2), null);
});

test("the tooltip has every digit, and says where there is no score", () => {
  assert.deepEqual(tokenLines(content, 2), ["token 2: “·hi”, text", "id 7", "bytes 20 68 69", "inside user › thought", "effect: -2.5 nats"]);
  assert.ok(tokenLines(content, 1).includes("effect: 0.1 nats"));
  assert.ok(tokenLines(content, 0).includes("effect: none"));
  assert.ok(tokenLines(content, 4).includes("byte 2 of 2 of “☃”"));
});

test("the sentence counts", () => {
  assert.equal(stripSentence(content, null), "5 tokens, 2 of them control tokens; 2 byte pieces for characters that the vocabulary lacks; turns: user.");
  const one = content.tokens.find(({ kind }) => kind === "control");
  assert.match(stripSentence({ ...content, tokens: [one, content.tokens.at(-1)] }, null), /^2 tokens, 1 of them a control token;/);
  assert.match(stripSentence(content, 2), /^Token 2: “·hi”, text; id 7; .*effect: -2\.5 nats\.$/);
});

test("a scale begins at 0, or lies alike on both sides of it", () => {
  assert.deepEqual(scoreRange([NaN, 1, 4]), { low: 0, high: 4, diverging: false });
  assert.deepEqual(scoreRange([NaN, -3, 1]), { low: -3, high: 3, diverging: true });
  assert.deepEqual(scoreRange([0, 0]), { low: 0, high: 1, diverging: false });
  assert.equal(scorePlace(scoreRange([-3, 1]), 0), 0.5);
  assert.equal(scorePlace(scoreRange([1, 4]), 1), 0.25);
  assert.equal(scorePlace(scoreRange([1]), NaN), null);
});

test("zero is the paper, and both ends differ, in light and in dark", () => {
  for (const paper of ["rgb(255 255 255)", "rgb(18 18 18)"]) {
    const color = (place) => scoreColor({ diverging: true }, place, { paper });
    assert.equal(color(0.5), paper);
    assert.notEqual(color(0), color(1));
  }
});

test("the ink on any shade has a contrast of at least 4.5", () => {
  const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  for (let r = 0; r <= 255; r += 15) for (let g = 0; g <= 255; g += 15) for (let b = 0; b <= 255; b += 15) {
    const light = 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
    const contrast = inkOn(`rgb(${r} ${g} ${b})`) === "#000000" ? (light + 0.05) / 0.05 : 1.05 / (light + 0.05);
    assert.ok(contrast >= 4.5, `${r} ${g} ${b}: ${contrast}`);
  }
});
