import assert from "node:assert/strict";
import { test } from "node:test";
import { joinSelection, partFor, sharedPart } from "../../../g4lab/widgets/static/linking.js";

globalThis.CustomEvent ??= class extends Event {
  constructor(name, { detail }) {
    super(name);
    this.detail = detail;
  }
};

/** Two views on one page, with a clock that stands still unless it is moved. */
function pair({ keys = ["k", "k"], family = "f" } = {}) {
  const target = new EventTarget();
  const heard = [[], []];
  const posted = [];
  const clock = { time: 100 };
  const views = keys.map((key, i) => {
    const link = joinSelection({ show: (s) => heard[i].push(s), post: (m) => posted.push(m), target, now: () => clock.time });
    link.setKey(key, family);
    return link;
  });
  return { views, heard, posted, clock };
}

test("a choice reaches the other view and not the one that made it", () => {
  const { views, heard, posted } = pair();
  views[0].tell({ token: 3, layer: 1, pinned: true, expert: 9 });
  assert.deepEqual(heard, [[], [{ token: 3, layer: 1, pinned: true }]]);
  assert.deepEqual(posted, [{ key: "k", family: "f", stamp: 100, selection: { token: 3, layer: 1, pinned: true } }]);
});

test("views of other tokens, and views of none, hear nothing", () => {
  const other = pair({ keys: ["k", "other"] });
  other.views[0].tell({ token: 3 });
  assert.deepEqual(other.heard[1], []);
  const none = pair({ keys: [null, "k"] });
  assert.equal(none.views[0].tell({ token: 3 }), undefined);
  assert.deepEqual(none.heard[1], []);
});

test("what comes late does not undo what is newer", () => {
  const { views, heard, clock } = pair();
  views[0].tell({ token: 1 });
  clock.time = 160;
  views[0].tell({ token: 2 });
  views[1].hear({ key: "k", stamp: 100, selection: { token: 1, layer: null, pinned: false } });
  assert.deepEqual(heard[1].map((s) => s.token), [1, 2]);
  // what code selects has no stamp and always counts
  views[1].hear({ key: "k", selection: { token: 7, layer: null, pinned: true } });
  assert.equal(heard[1].at(-1).token, 7);
});

test("two gestures in one tick of the clock keep their order", () => {
  const { views } = pair();
  const first = views[0].tell({ token: 1 });
  assert.ok(views[0].tell({ token: 2 }) > first);
});

test("an empty selection selects nothing", () => {
  const { views, heard } = pair();
  views[0].hear({ key: "k", selection: {} });
  assert.deepEqual(heard[0], []);
});

test("a closed view is deaf", () => {
  const { views, heard } = pair();
  views[1].close();
  views[0].tell({ token: 1 });
  assert.deepEqual(heard[1], []);
});

test("only what all views understand is shared", () => {
  assert.deepEqual(sharedPart({ token: 2, expert: 3 }), { token: 2, layer: null, pinned: false });
  assert.equal(partFor({ key: "a" }, { key: null, family: null }), null);
});

test("a view of the model shares the layer with views of tokens, and nothing else", () => {
  const { views, heard, clock } = pair({ keys: ["k", "f"] });
  views[0].tell({ token: 3, layer: 1, pinned: true });
  assert.deepEqual(heard[1], [{ token: null, layer: 1, pinned: false }]);
  clock.time = 110;
  views[1].tell({ token: null, layer: 4, part: "experts" });
  assert.deepEqual(heard[0], [{ token: 3, layer: 4, pinned: true }], "the token stays pinned");
  clock.time = 120;
  views[0].tell({ token: 5 });
  views[1].tell({ token: null, layer: null });
  assert.equal(heard[0].length + heard[1].length, 2, "no layer is no news");
});

test("views of other tokens of the model do not move each other, and other models hear nothing", () => {
  const apart = pair({ keys: ["k", "other"] });
  apart.views[0].tell({ token: 3, layer: 1 });
  assert.deepEqual(apart.heard[1], []);
  assert.equal(partFor({ key: "f", family: "f", selection: { layer: 1 } }, { key: "k", family: "g" }), null);
});

test("two views of the model let a layer go together", () => {
  const { views, heard } = pair({ keys: ["f", "f"] });
  views[0].tell({ token: null, layer: 2 });
  views[0].tell({ token: null, layer: null });
  assert.deepEqual(heard[1].map(({ layer }) => layer), [2, null]);
});

test("other tokens begin with nothing selected", () => {
  const { views, heard } = pair({ keys: ["k", "f"] });
  views[0].tell({ token: 3, layer: 1, pinned: true });
  views[0].setKey("next", "f");
  views[1].tell({ token: null, layer: 0 });
  assert.deepEqual(heard[0], [{ token: null, layer: 0, pinned: false }]);
});
