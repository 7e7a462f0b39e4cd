import assert from "node:assert/strict";
import { test } from "node:test";
import { readContent } from "../../../g4lab/widgets/static/routing_data.js";
import { chanceOf, chanceShared, contextRows, contextsOf, contextWords, firstThatRecurs, nextSame } from "../../../g4lab/widgets/static/routing_context_data.js";
import { branchLines, branchShade, branchTable, branchWords, isBranchOff, readBranches } from "../../../g4lab/widgets/static/routing_branch_data.js";
import { changeName } from "../../../g4lab/widgets/static/routing_words.js";
import { makeContent, STATE } from "./content.mjs";

// overlap_chances(4, 2): of 6 pairs, 1 shares none, 4 share one, 1 both
const content = { ...readContent(makeContent()), shared_chances: [1 / 6, 4 / 6, 1 / 6] };
const ids = (...list) => list.map((id, i) => ({ id, text: `${i}`, kind: id === 2 ? "control" : "text" }));

test("the same token again: the next one, then the first, then none", () => {
  const tokens = ids(2, 5, 7, 5, 5);
  assert.equal(nextSame(tokens, 5, 1), 3);
  assert.equal(nextSame(tokens, 5, 4), 1);
  assert.equal(nextSame(tokens, 7, 2), null);
  assert.equal(nextSame(tokens, 7, -1), 2);
  assert.equal(firstThatRecurs(tokens), 1);
  assert.equal(firstThatRecurs(ids(2, 5, 2)), 2); // a control token is not a word that recurs
});

test("two places of one text, layer by layer", () => {
  const contexts = contextsOf(content, { ...STATE, token: 1 }, 2);
  const rows = contextRows(content, contexts);
  assert.deepEqual(rows.map(({ layer, shared }) => [layer, shared]), [[3, 1], [5, 1]]);
  assert.deepEqual(rows[0].first.map(({ expert, shared }) => [expert, shared]), [[1, true], [2, false]]);
  assert.deepEqual(rows[0].second.map(({ expert, shared }) => [expert, shared]), [[1, true], [3, false]]);
  assert.ok(Math.abs(rows[0].chance - 5 / 6) < 1e-12);
  assert.equal(chanceShared(content), 1);
  assert.equal(
    contextWords(content, contexts, rows),
    "“·ball” (token 1) and “⏎” (token 2): over 2 layers they share 1 of 2 experts on the mean; chance shares 1, so this is x 1 of chance.",
  );
  assert.equal(chanceOf(1 / 6), "0.167");
  assert.equal(chanceOf(1.0000000002), "1");
  assert.equal(chanceOf(1e-9), "< 0.0001");
});

test("a second text: the same token in it, read by the model as it is", () => {
  const other = { prompt: "x", tokens: ids(2, 8), chosen: () => [{ expert: 0, weight: 0.5 }, { expert: 1, weight: 0.5 }] };
  const contexts = contextsOf({ ...content, other }, { ...STATE, token: 2 }, null);
  assert.equal(contexts.second.token, 1);
  assert.match(contextWords({ ...content, other }, contexts, contextRows({ ...content, other }, contexts)), /token 1 of the second text/);
  assert.equal(contextsOf({ ...content, other }, { ...STATE, token: 1 }, null).second.token, null);
});

// layer 5 is measured: dense 1, 2, 4; experts 4, 4, 1
const measured = {
  ...content,
  branches: [{ layer: 5, rows: [] }],
  unpacked: { "branches.5": { data: [1, 2, 4, 4, 4, 1, 0.5, -1, 0] } },
  changes: [{ action: "branch", layer: 5, branch: "dense" }],
};

test("both branches of a layer", () => {
  const branches = readBranches(measured);
  assert.equal(branches.measured, 1);
  assert.equal(branches.of(0), null);
  const part = branches.of(1);
  assert.equal(part.ratio(0), 4);
  assert.equal(branches.most, 4);
  // <bos> does not count: ratios 2 and 1/4
  assert.ok(Math.abs(part.mean - Math.sqrt(0.5)) < 1e-12);
  assert.equal(branchShade(part, "ratio", 0, 4), 0.8);
  assert.equal(branchShade(part, "cosine", 1, 4), 0);
  assert.equal(branchShade(part, "dense", 2, 4), 1);
  assert.equal(branchShade(null, "dense", 2, 4), null);
  assert.deepEqual(branchLines(measured, branches, 1, 2), ["layer 5, token 2 “⏎”", "dense writes: 4", "experts write: 1", "ratio: 0.25 (equal branches: 1)", "cosine: 0 (unrelated directions: 0)"]);
  assert.match(branchWords(measured, branches, { layer: 1, token: null }), /x 0\.707 of what the dense MLP writes/);
  assert.match(branchWords(measured, branches, { layer: 1, token: 1 }), /norm 2, the experts one of 4: x 2 \(equal branches: 1\)/);
  assert.equal(branchWords(measured, branches, { layer: 0, token: 1 }), "Layer 3 has not been measured.");
  assert.deepEqual(branchTable(measured, branches, { layer: 1, token: 2 }).rows, [[5, "4", "1", "0.25", "0"], [3, "", "", "", ""]]);
  assert.equal(branchTable(measured, branches, { layer: 1, token: null }).rows.length, 3);
});

test("a branch that is off is a change with a name", () => {
  assert.ok(isBranchOff(measured, 5, "dense"));
  assert.ok(!isBranchOff(measured, 5, "experts"));
  assert.equal(changeName(measured.changes[0]), "L5 dense off");
});
