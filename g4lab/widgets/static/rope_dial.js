// RopeDial: how position turns the pairs of a query and a key, and what distance does to their dot product.
import { choice, h, sizedContext } from "./dom.js";
import { unpack } from "./pack.js";
import { floatingTip, grouped, labelledControl, viewFrame } from "./view_frame.js";
import { angleAt, curveColumns, dialAt, dialLayout, meanDot, pairDot, tokensPerTurn, turnsOf } from "./rope_math.js";
import { curveWidth, distanceAt, paintCurve, paintDials, paintHands } from "./rope_paint.js";

const HANDS = 176;
const CURVE = 200;

/**
 * Draw the view inside `root`.
 *
 * data: { header, arrays } as RopeDial.content packs them. options: select(selection) is told what is looked at;
 * still(shown, words) promises a picture of what is selected.
 * Returns update(part of data), receive() and destroy().
 */
export function mount(root, data, { select = () => {}, still = null } = {}) {
  let content = readRotations(data);
  let state = startState(content);
  let shown = null; // the geometry of the dials on show
  let curve = { key: null, columns: [] };

  const kinds = h("span");
  let kindChoice = null;
  const slider = (name, change) => {
    const range = h("input", { type: "range", step: 1, min: 0, "aria-label": name, oninput: () => change(Number(range.value)) });
    const number = h("input", { type: "number", step: 1, min: 0, "aria-label": `${name}, exactly`, onchange: () => change(Number(number.value)) });
    return { range, number, element: h("span", { class: "g4-labelled" }, h("span", { class: "g4-soft", "aria-hidden": "true" }, name), range, number) };
  };
  const pair = slider("pair", (value) => set({ pair: value }));
  const position = slider("position", (value) => set({ position: value }));
  const distance = slider("distance", (value) => set({ distance: value }));
  const span = h("select", { "aria-label": "how far the picture reaches", onchange: () => set({ span: Number(span.value) }) });
  const which = choice("dot product of", [["all", "all pairs"], ["pair", "this pair"]], (value) => set({ which: value }));

  const dials = h("canvas", { "aria-hidden": "true" });
  const grid = h("div", { class: "g4-dials", tabindex: "0", role: "application", "aria-label": "pairs, the fastest first" }, dials);
  const hands = h("canvas", { "aria-hidden": "true" });
  const line = h("canvas", { "aria-hidden": "true" });
  const picture = h(
    "div",
    { class: "g4-frame g4-rope-parts" },
    h("div", { class: "g4-rope-all" }, h("div", { class: "g4-title g4-all-title" }), grid),
    h("div", {}, h("div", { class: "g4-title g4-hands-title" }), hands),
    h("div", { class: "g4-rope-curve" }, h("div", { class: "g4-title g4-curve-title" }), line),
  );
  const tip = floatingTip(picture);
  const legend = h("div", { class: "g4-legend" });
  const frame = viewFrame(root, { name: "rope", paint, onKey, shown: pointed, still });
  grid.setAttribute("aria-describedby", frame.spoken.id);
  frame.assemble(
    h("div", { class: "g4-controls" }, frame.badge, kinds),
    h("div", { class: "g4-controls" }, pair.element, position.element, distance.element),
    h("div", { class: "g4-controls" }, h("span", { class: "g4-labelled" }, h("span", { class: "g4-soft", "aria-hidden": "true" }, "dot product of"), which.element), labelledControl("up to", span)),
    picture, legend,
  );

  const dialUnder = (event) => {
    const box = dials.getBoundingClientRect();
    return shown && dialAt(shown, event.clientX - box.left, event.clientY - box.top);
  };
  dials.addEventListener("pointermove", (event) => {
    const index = dialUnder(event);
    if (index === null) tip.hide();
    else tip.show(pairLines(rotation(), index, state), event);
  });
  dials.addEventListener("click", (event) => {
    const index = dialUnder(event);
    if (index !== null) set({ pair: index });
  });
  const distanceUnder = (event) => distanceAt(line.clientWidth, state.span, event.clientX - line.getBoundingClientRect().left);
  line.addEventListener("pointermove", (event) => {
    const at = distanceUnder(event);
    if (at === null) return tip.hide();
    const { frequencies } = rotation();
    tip.show([`distance ${grouped(at)}`, `pair ${state.pair}: ${pairDot(at, frequencies[state.pair])}`, `all pairs: ${meanDot(at, frequencies)}`], event);
  });
  line.addEventListener("click", (event) => {
    const at = distanceUnder(event);
    if (at !== null) set({ distance: at });
  });
  [dials, line].forEach((canvas) => canvas.addEventListener("pointerleave", tip.hide));

  function rotation() {
    return content.rotations[state.kind];
  }

  function set(part) {
    state = within({ ...state, ...part }, content);
    frame.draw();
    select(pointed());
  }

  function pointed() {
    return { token: null, pair: state.pair, kind: state.kind, position: state.position, distance: state.distance };
  }

  function onKey(key, element) {
    if (key === "Escape") return set(startState(content)), true;
    if (element !== grid || !shown) return false;
    const last = rotation().frequencies.length - 1;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: shown.columns, ArrowUp: -shown.columns, Home: -last, End: last }[key];
    if (step !== undefined) return set({ pair: state.pair + step }), true;
    const move = { PageUp: 1, PageDown: -1 }[key];
    if (move) return set({ position: state.position + move }), true;
    return false;
  }

  function paint(palette) {
    const { frequencies, head_dim: head, window } = rotation();
    kindChoice.set(String(state.kind));
    which.set(state.which);
    span.value = String(state.span);
    for (const [control, value, most] of [[pair, state.pair, frequencies.length - 1], [position, state.position, state.span - 1], [distance, state.distance, state.span]]) {
      for (const input of [control.range, control.number]) {
        input.max = most;
        input.value = value;
      }
    }
    shown = dialLayout(grid.clientWidth, frequencies.length);
    paintDials(sizedContext(dials, shown.columns * shown.size, shown.rows * shown.size), shown, frequencies, state, palette);
    paintHands(sizedContext(hands, HANDS, HANDS), HANDS, frequencies[state.pair], state, palette);
    const width = line.parentElement.clientWidth;
    const chosen = state.which === "pair" ? frequencies.subarray(state.pair, state.pair + 1) : frequencies;
    const still = chosen.filter((frequency) => frequency === 0).length / chosen.length;
    const columns = curveOf(chosen, curveWidth(width));
    const value = meanDot(state.distance, chosen);
    paintCurve(sizedContext(line, width, CURVE), { width, height: CURVE }, { columns, span: state.span, distance: state.distance, head: state.which === "pair" ? 2 : head, kept: still, window, value }, palette);
    showWords(still);
    frame.setTable(() => table(rotation(), state));
  }

  // recomputed only when it changes: moving a hand along it must not cost a hundred thousand cosines
  function curveOf(frequencies, columns) {
    const key = [state.kind, state.which, state.which === "pair" ? state.pair : "", state.span, columns].join();
    if (curve.key !== key) curve = { key, columns: curveColumns(frequencies, state.span, columns) };
    return curve.columns;
  }

  function showWords(still) {
    const { frequencies, head_dim: head, window, name } = rotation();
    const one = state.which === "pair";
    const title = (place, text) => (picture.querySelector(place).textContent = text);
    title(".g4-all-title", `${frequencies.length} pairs at position ${grouped(state.position)}, ${name}`);
    title(".g4-hands-title", `pair ${state.pair}: query and key`);
    title(".g4-curve-title", `dot product of ${one ? `pair ${state.pair}` : "all pairs"} by distance`);
    const keys = [
      ["━", "q: the query's hand"], ["╍", "k: the key's"], ["◌", "never turns"],
      ["▒", `chance: 0 ± 1/√${one ? 2 : head} = ${(1 / Math.sqrt(one ? 2 : head)).toPrecision(3)}`],
    ];
    if (still > 0) keys.push(["┅", `from pairs that never turn: ${still}`]);
    if (window !== null) keys.push(["▨", `beyond the window of ${grouped(window)}: not seen`]);
    legend.replaceChildren(...keys.map(([mark, text]) => h("span", { class: "g4-key" }, h("b", { "aria-hidden": "true" }, mark), text)));
    frame.say(ropeSentence(rotation(), state));
  }

  function fill() {
    frame.setModel(content.model);
    kindChoice = choice("layers", content.rotations.map(({ name }, index) => [String(index), name]), (value) => set({ kind: Number(value) }));
    kinds.replaceChildren(kindChoice.element);
    kinds.querySelectorAll("button").forEach((button) => (button.dataset.lmSuppressShortcuts = "true"));
    span.replaceChildren(...content.spans.map((tokens) => h("option", { value: tokens }, `${grouped(tokens)} tokens`)));
    curve = { key: null, columns: [] };
  }

  fill();
  frame.showStatus(data.status ?? { state: "ready" });
  frame.draw();

  return {
    update(part) {
      if (part.header) {
        content = readRotations(part);
        state = startState(content);
        fill();
      }
      if (part.status) frame.showStatus(part.status);
      frame.draw();
    },
    receive() {},
    destroy: frame.destroy,
  };
}

function readRotations({ header, arrays }) {
  const found = unpack(header.arrays, arrays);
  const rotations = header.rotations.map((rotation, i) => ({ ...rotation, frequencies: found[`frequencies.${i}`].data }));
  return { ...header, rotations };
}

function startState({ spans }) {
  const span = spans[Math.min(1, spans.length - 1)];
  return { kind: 0, pair: 0, position: Math.min(40, span - 1), distance: Math.min(3, span), span, which: "all" };
}

function within(state, { rotations }) {
  const clamp = (value, most) => Math.min(Math.max(Math.round(value) || 0, 0), most);
  const pairs = rotations[state.kind].frequencies.length;
  return { ...state, pair: clamp(state.pair, pairs - 1), position: clamp(state.position, state.span - 1), distance: clamp(state.distance, state.span) };
}

function pairLines({ frequencies, head_dim: head }, pair, { position, distance }) {
  const frequency = frequencies[pair];
  const angle = angleAt(position, frequency);
  const { turns, degrees } = turnsOf(angle);
  if (frequency === 0) return [`pair ${pair}: features ${pair} and ${pair + head / 2}`, "never turns", "adds the same to the dot product at every distance"];
  return [
    `pair ${pair}: features ${pair} and ${pair + head / 2}`,
    `${frequency} radians a token`,
    `${tokensPerTurn(frequency)} tokens a turn`,
    `at position ${grouped(position)}: ${angle} radians`,
    `${turns} turns and ${degrees.toFixed(2)}°`,
    `dot product at distance ${grouped(distance)}: ${pairDot(distance, frequency)}`,
  ];
}

function ropeSentence({ frequencies, rotary_pairs: turning, theta, head_dim: head, layers, kind, what_if: whatIf, window }, { pair, position, distance }) {
  const frequency = frequencies[pair];
  const still = frequencies.length - turning;
  const who = whatIf ? `If all pairs of ${kind} layers turned` : `${layers} ${kind} layers`;
  const all = still ? `${turning} of ${frequencies.length} pairs turn and ${still} never do` : `all ${frequencies.length} pairs turn`;
  const { turns, degrees } = turnsOf(angleAt(position, frequency));
  const one = frequency === 0
    ? `Pair ${pair} never turns: it adds the same to the dot product at every distance.`
    : `Pair ${pair} turns once in ${tokensPerTurn(frequency).toPrecision(4)} tokens; at position ${grouped(position)} it has made ${grouped(turns)} turns and ${degrees.toFixed(1)}°; ` +
      `of a key ${grouped(distance)} tokens back it keeps ${pairDot(distance, frequency).toFixed(4)}.`;
  const seen = window !== null && distance >= window ? " A token so far back lies outside the window and is not seen." : "";
  const chance = (1 / Math.sqrt(head)).toPrecision(3);
  return `${who}, theta ${grouped(theta)}: ${all}. ${one} All pairs together keep ${meanDot(distance, frequencies).toFixed(4)}; chance gives 0 ± ${chance}.${seen}`;
}

function table({ frequencies, name }, { position, distance }) {
  const rows = Array.from(frequencies, (frequency, pair) => [
    pair, frequency === 0 ? "never" : "yes", frequency, tokensPerTurn(frequency), angleAt(position, frequency), pairDot(distance, frequency),
  ]);
  return {
    caption: `${name}: position ${grouped(position)}, distance ${grouped(distance)}`,
    heads: ["pair", "turns", "radians a token", "tokens a turn", "angle, radians", "dot product"],
    rows: [...rows, ["all", "", "", "", "", meanDot(distance, frequencies)]],
  };
}
