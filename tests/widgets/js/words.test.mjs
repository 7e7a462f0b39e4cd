import assert from "node:assert/strict";
import { test } from "node:test";
import { cut, readContent } from "../../../g4lab/widgets/static/routing_data.js";
import { cellLines, changeName, exact, layerLines, sentence, short, signed } from "../../../g4lab/widgets/static/routing_words.js";
import { pageAround, quoted, tokenParts } from "../../../g4lab/widgets/static/token_rail.js";
import { makeContent, STATE } from "./content.mjs";

const content = readContent(makeContent());

test("numbers", () => {
  assert.equal(short(2.345), "2.3");
  assert.equal(short(0), "0");
  assert.equal(signed(-2.1), "−2.10");
  assert.equal(signed(0.5), "+0.50");
  assert.equal(exact(0.1234567, true), "0.1234567");
  assert.equal(exact(0.1234567, false), "≈ 0.123");
  assert.equal(exact(0, false), "0");
});

test("white space is made visible and marked", () => {
  assert.deepEqual(tokenParts(" ball"), [{ text: "·", mark: true }, { text: "ball", mark: false }]);
  assert.deepEqual(tokenParts("\n\n"), [{ text: "⏎⏎", mark: true }]);
  assert.deepEqual(tokenParts("<img src=x>").map((p) => p.text).join(""), "<img·src=x>");
  assert.equal(quoted({ text: "<bos>", kind: "control" }), "<bos>");
});

test("a long sequence is shown in pages", () => {
  assert.deepEqual(pageAround(0, 10), [0, 10]);
  assert.deepEqual(pageAround(500, 1000, 100), [450, 550]);
  assert.deepEqual(pageAround(999, 1000, 100), [900, 1000]);
});

test("the sentence of a token", () => {
  const text = sentence(content, { ...STATE, token: 1, expert: 1 });
  assert.equal(
    text,
    "At layer 3 “·ball” goes to experts 1 (0.75) and 2 (0.25); the router's entropy is 1.0 of 2 bits. " +
      "Expert 1 of layer 3 reads 2 of 2 tokens, 2.0 x its chance share (under 7 tokens no load counts as a habit).",
  );
});

test("the sentence of a layer has its null", () => {
  assert.match(sentence(content, STATE), /1 of 4 experts read none \(chance leaves 1\.0\)/);
});

test("the sentence of a layer begins with the expert that was chosen, and warns once", () => {
  const text = sentence(content, { ...STATE, expert: 1 });
  assert.match(text, /^Expert 1 of layer 3 reads 2 of 2 tokens, .* Layer 3, 2 tokens: /);
  assert.equal(text.split("no load counts as a habit").length, 2);
});

test("the sentence of a change", () => {
  const changed = readContent(makeContent({ withAfter: true }));
  assert.match(sentence(changed, { ...STATE, run: "after" }), /With L5·E3 off the log-probability of “·blue” changes by −2\.10\./);
  assert.equal(changeName({ action: "swap", layer: 1, expert: 2, other: 5 }), "L1·E2 ⇄ E5");
});

test("the lines at the pointer give the exact number", () => {
  const state = { ...STATE, token: 1 };
  const lines = cellLines(content, state, cut(content, state), 1, 2);
  assert.deepEqual(lines.slice(0, 2), ["layer 3 · expert 2", "effective weight for “·ball”: 0.25"]);
  assert.deepEqual(layerLines(content, 1), ["layer 5", "global: sees everything before", "borrows keys and values from layer 3"]);
});
