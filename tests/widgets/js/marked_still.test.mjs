import assert from "node:assert/strict";
import { test } from "node:test";
import { keysOf, markedStill, markedWords } from "../../../g4lab/widgets/static/marked_still.js";

const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" role="img" width="640" height="100" viewBox="0 0 640 100">' +
  '<title>t</title><rect width="100%" height="100%" fill="#ffffff"/>\n</svg>\n';
const PLACES = { "token.3": [10, 20, 30, 40], "layer.1": [0, 5, 600, 12.5], "head.1.2": [7, 8, 9, 10] };

test("a selection outlines what it holds, and nothing that it does not", () => {
  assert.deepEqual(keysOf({ token: 3, layer: 1, head: 2 }), ["token.3", "layer.1", "head.1.2"]);
  assert.deepEqual(keysOf({ token: 0, layer: 0 }), ["token.0", "layer.0"]);
  assert.deepEqual(keysOf({ token: null, layer: null, head: 2 }), []);
  assert.deepEqual(keysOf({ layer: 2, expert: 5, expert_layer: 2 }), ["layer.2", "expert.2.5"]);
  assert.deepEqual(keysOf({ layer: 3, expert: 5, expert_layer: 2 }), ["layer.3"]);
  assert.deepEqual(keysOf({ kind: 0, pair: 7 }), ["pair.0.7"]);
});

test("the picture is outlined, grows, and says what is selected", () => {
  const marked = markedStill(SVG, PLACES, { token: 3, layer: 1 }, "Token 3 at layer 1.");
  assert.match(marked, /<rect x="10" y="20" width="30" height="40" fill="none" stroke="#0a58ca"/);
  assert.match(marked, /<rect x="0" y="5" width="600" height="12.5"/);
  assert.ok(!marked.includes('x="7"'));
  const lines = [...marked.matchAll(/<text x="16" y="(\d+)"[^>]*>([^<]*)</g)];
  assert.deepEqual(lines.map(([, y]) => Number(y)), lines.map((_, index) => 94 + 17 * index));
  const height = 100 + 17 * lines.length;
  assert.ok(marked.includes(`width="640" height="${height}" viewBox="0 0 640 ${height}"`));
  assert.equal(lines.map(([, , text]) => text).join(" "), markedWords(PLACES, { token: 3, layer: 1 }, "Token 3 at layer 1."));
});

test("a token outside the picture is said to be so", () => {
  assert.match(markedWords(PLACES, { token: 4 }, "Token 4."), /On the page: Token 4\. .*Token 4 is not marked in the picture\.$/);
  assert.doesNotMatch(markedWords(PLACES, { token: null }, "Nothing."), /not marked/);
});

test("what only a kernel could draw is said not to be drawn", () => {
  assert.match(markedWords(PLACES, { token: null, panel: "statistics" }, "Open."), /panel that is open is not in the picture/);
  assert.match(markedWords(PLACES, { token: null, mode: "value" }, "Values."), /drawn by its weights, not by weights times values/);
  assert.doesNotMatch(markedWords(PLACES, { token: null, panel: null, mode: "weight" }, "All."), /panel|drawn by/);
});

test("a hostile text is text, and the file stays ASCII", () => {
  const marked = markedStill(SVG, {}, { token: null }, "<img src=x onerror=alert(1)> & “été” $& \u0000");
  assert.ok(!marked.includes("<img") && /^[\x00-\x7f]*$/.test(marked));
  assert.ok(marked.includes("&#60;img") && marked.includes("&#233;t&#233;") && marked.includes("&#65533;"));
});
