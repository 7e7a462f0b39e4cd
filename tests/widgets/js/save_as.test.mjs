import assert from "node:assert/strict";
import { test } from "node:test";
import { csvOf, fileName, onDemand } from "../../../g4lab/widgets/static/save_as.js";

test("cells with commas, quotes and line ends stand in quotes", () => {
  const table = { heads: ["a", "b, c"], rows: [[1, 'say "hi"'], ["line\nend", 0.1 + 0.2]] };
  assert.equal(csvOf(table), 'a,"b, c"\n1,"say ""hi"""\n"line\nend",0.30000000000000004\n');
});

test("a file's name is what every system takes", () => {
  assert.equal(fileName("google/gemma-4 (E2B)", "lens"), "google-gemma-4-E2B-lens");
  assert.equal(fileName("..", ""), "view");
  assert.equal(fileName("été", "字"), "été-字");
});

test("one answer is for all who wait, and an answer that nobody waits for is let go", async () => {
  let asked = 0;
  const still = onDemand(() => (asked += 1));
  still.answer("nobody asked");
  const both = [still.get(), still.get()];
  still.answer("<svg/>");
  assert.deepEqual(await Promise.all(both), ["<svg/>", "<svg/>"]);
  assert.equal(asked, 2);
});
