import assert from "node:assert/strict";
import { test } from "node:test";
import { againstNull, exactly7, measureMarks, nullInNumbers, tooSmall } from "../../../g4lab/widgets/static/measure_words.js";
import { stripAt, stripLayout } from "../../../g4lab/widgets/static/chance_strip.js";
import { readContent } from "../../../g4lab/widgets/static/routing_data.js";
import { absence, detailStore } from "../../../g4lab/widgets/static/routing_details.js";
import { pairLines, pairTable, readPairs, rowWords } from "../../../g4lab/widgets/static/routing_pairs.js";
import { pairAt, pairLayout, pairStep } from "../../../g4lab/widgets/static/routing_pair_map.js";
import { tabStep } from "../../../g4lab/widgets/static/routing_panels.js";
import { loadSentence } from "../../../g4lab/widgets/static/routing_statistics.js";
import { makeContent } from "./content.mjs";

const ROW = { name: "CV of load", of: "tokens", sample: 90, needed: 72, convention: "", even: null, enough: true, against: "chance", value: 0.46, expected: 0.2, low: 0.1, high: 0.3, level: 0.99, beyond: 1 };

test("a metric stands beside its null in words", () => {
  assert.equal(againstNull(ROW), "x 2.3 of chance, above its band");
  assert.equal(againstNull({ ...ROW, value: 0.2, beyond: 0 }), "x 1 of chance, inside its band");
  assert.equal(againstNull({ ...ROW, expected: 0, against: "a router without preference", beyond: null }), "a router without preference gives 0");
  assert.equal(nullInNumbers(ROW), "0.2 (0.1 to 0.3 in 99 %)");
  assert.equal(nullInNumbers({ ...ROW, low: null, high: null }), "0.2");
  assert.equal(exactly7({ ...ROW, value: 0.123456789 }), "0.1234568");
});

test("a sample that is too small makes no claim", () => {
  const few = { ...ROW, enough: false, sample: 7, value: undefined, expected: undefined };
  assert.equal(tooSmall(few), "too few tokens for a claim (7; it needs 72)");
  assert.equal(againstNull(few), tooSmall(few));
  assert.equal(nullInNumbers(few), "");
  assert.equal(measureMarks(few), null);
});

test("the marks of a metric keep their order on the scale, below zero too", () => {
  const { zero, value, expected, band } = measureMarks(ROW);
  assert.equal(zero, 0);
  assert.ok(zero < band[0] && band[0] < expected && expected < band[1] && band[1] < value && value < 1);
  const negative = measureMarks({ ...ROW, value: -0.5, expected: 0.1, low: -0.1, high: 0.2 });
  assert.ok(negative.value === 0 && negative.value < negative.band[0] && negative.band[0] < negative.zero);
});

test("the keys of the tabs go round", () => {
  assert.equal(tabStep("ArrowRight", 3, 4), 0);
  assert.equal(tabStep("ArrowLeft", 0, 4), 3);
  assert.equal(tabStep("End", 0, 4), 3);
  assert.equal(tabStep("Enter", 0, 4), null);
});

test("a bar is where it is pointed at", () => {
  const g = stripLayout(500, 32);
  assert.equal(g.pitch, 14);
  assert.equal(stripAt(g, 32, g.left + 14 * 5 + 1), 5);
  assert.equal(stripAt(g, 32, g.left - 1), null);
  assert.equal(stripLayout(300, 128).pitch, 3); // it scrolls
});

test("numbers that are not in the page are asked for once", () => {
  const sent = [];
  const store = detailStore((message) => sent.push(message));
  const content = { ...readContent(makeContent()), details: [], unpacked: {} };
  store.reset(content);
  assert.deepEqual(store.want(content, "statistics", "before", 5), { waiting: true });
  assert.deepEqual(store.want(content, "statistics", "before", 5), { waiting: true });
  assert.deepEqual(sent, [{ kind: "detail", panel: "statistics", run: "before", layer: 5 }]);
  store.receive({ kind: "detail", panel: "statistics", run: "before", layer: 5, rows: [1], arrays: [] }, new Uint8Array(0));
  assert.deepEqual(store.want(content, "statistics", "before", 5).detail.rows, [1]);
  store.want(content, "statistics", "before", 3);
  store.refuse();
  assert.deepEqual(store.want(content, "statistics", "before", 3), {});
  assert.match(absence(content, store, "statistics", "before", {}), /did not come/);
  assert.equal(sent.length, 2);
});

test("a page without a kernel says which layers it holds", () => {
  const store = detailStore(assert.fail);
  const content = { live: false, details: [{ panel: "together", run: "before", layer: 29 }, { panel: "together", run: "before", layer: 28 }], unpacked: { "together.before.29.pairs": { data: [7] } } };
  store.reset(content);
  assert.deepEqual(store.want(content, "together", "before", 29).detail.arrays.pairs.data, [7]);
  const answer = store.want(content, "together", "before", 3);
  assert.match(absence(content, store, "together", "before", answer), /holds those of layers 28, 29\. A running notebook/);
});

test("the load in words: who is outside the band", () => {
  const content = readContent(makeContent());
  const run = content.runs.before;
  const load = { enough: true, beyond: [0, 1], of: "tokens", sample: 2, needed: 7 };
  assert.match(loadSentence(content, run, 0, load), /^2 of 4 experts lie outside .*: 1 \(x 2\.0 of chance\), 0 \(x 0 of chance\)\.$/);
  assert.equal(loadSentence(content, run, 0, { ...load, enough: false }), "Load: too few tokens for a claim (2; it needs 7).");
});

// 3 experts, 2 of them a token: 4 tokens of {0,1}, 2 of {0,2}
const PAIRS = {
  tokens: 6, needed: 5, even: 0.5,
  arrays: {
    pairs: { data: [6, 4, 2, 4, 4, 0, 2, 0, 2] },
    chance: { data: [NaN, 0.6, 0.4, 1, NaN, 0, 1, 0, NaN] },
    low: { data: [0, 5, 0, 0, 0, 0, 0, 0, 0] },
    high: { data: [0, 6, 1, 0, 0, 0, 0, 0, 0] },
  },
};

test("co-activation is asymmetric and claims nothing of a rare expert", () => {
  const pairs = readPairs(PAIRS, 3);
  assert.equal(pairs.share(0, 1), 4 / 6);
  assert.equal(pairs.share(1, 0), 1);
  assert.equal(pairs.most, 1);
  assert.deepEqual([pairs.beyond(0, 1), pairs.beyond(0, 2), pairs.beyond(1, 0)], [-1, 1, null]);
  assert.equal(rowWords(pairs, 3, 0), "Layer 3: of the 6 tokens of expert 0, 4 also chose 1, the most. Above the band, more often than chance allows: 2.");
  assert.match(rowWords(pairs, 3, 1), /But these are too few tokens of expert 1 for a claim \(4; it needs 5\)\./);
  const lines = pairLines(pairs, 3, 0, 1);
  assert.equal(lines[1], "P(1 | 0) = 0.6666667: 4 of 6 tokens; chance 0.6, x 1.1 of chance; chance keeps it at 5 to 6 tokens");
  assert.equal(lines[2], "P(0 | 1) = 1: 4 of 4 tokens; chance 1, x 1 of chance; too few tokens for a claim (4; it needs 5)");
  assert.deepEqual(pairTable(pairs, 3, 0).rows[0], [1, 4, "0.6666667", "0.6", 5, 6]);
});

test("without bands nothing is marked", () => {
  const { low, high, ...arrays } = PAIRS.arrays;
  const pairs = readPairs({ ...PAIRS, arrays }, 3);
  assert.equal(pairs.beyond(0, 1), null);
  assert.equal(pairs.high(0, 1), null);
});

test("places on the map of pairs", () => {
  const g = pairLayout(32);
  assert.deepEqual(pairAt(g, g.margin + 1, g.margin + g.pitch * 3 + 1), { row: 3, column: 0 });
  assert.equal(pairAt(g, 2, 40), null);
  assert.equal(pairLayout(128).pitch, 3);
  assert.deepEqual(pairStep("ArrowDown", { row: 31, column: 4 }, 32), { row: 31, column: 4 });
  assert.deepEqual(pairStep("ArrowRight", { row: 2, column: 4 }, 32), { row: 2, column: 5 });
  assert.deepEqual(pairStep("End", { row: 2, column: 4 }, 32), { row: 2, column: 31 });
  assert.equal(pairStep("b", { row: 2, column: 4 }, 32), null);
});
