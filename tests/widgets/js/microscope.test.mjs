import assert from "node:assert/strict";
import { test } from "node:test";
import { scopeSentence, scopeStep } from "../../../g4lab/widgets/static/microscope.js";

const content = {
  tokens: [{ text: "<bos>", kind: "control", id: 2 }, { text: " red", kind: "text", id: 7 }],
  missing: [{ name: "PLE", why: "this model has none" }],
};

test("the sentence says what is selected and which views are missing", () => {
  assert.equal(scopeSentence(content, { token: null }), "2 tokens. Point at one: it lights up in every view. No PLE: this model has none.");
  assert.equal(
    scopeSentence({ ...content, missing: [] }, { token: 1, layer: 3, pinned: true }),
    "Token 1 of 2, “·red”, id 7 at layer 3, pinned in every view.",
  );
});

test("keys stay on the tokens", () => {
  assert.equal(scopeStep("ArrowRight", null, 5), 0);
  assert.equal(scopeStep("ArrowLeft", null, 5), 4);
  assert.equal(scopeStep("ArrowRight", 4, 5), 4);
  assert.equal(scopeStep("b", 2, 5), null);
});
