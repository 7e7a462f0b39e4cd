// TokenStrip: what a model reads, token by token, with turns as structure and any score as shading.
import { asking } from "./asking.js";
import { choice, h } from "./dom.js";
import { rough } from "./numbers.js";
import { promptForm } from "./prompt_form.js";
import { floatingTip, labelledControl, viewFrame } from "./view_frame.js";
import { blocksAround, hex, readStrip, scoreText, stripSentence, tokenLines } from "./strip_data.js";
import { inkOn, scoreColor, scorePlace, scoreRange } from "./strip_scale.js";
import { tokenRail } from "./token_rail.js";

const STEPS = 16;
const NO_SCORE = "none";

/**
 * Draw the view inside `root`.
 *
 * data: { header, arrays } as TokenStrip.content packs them. options: send(message) asks the host for another text;
 * select(selection) tells it what is looked at;
 * still(shown, words) promises a picture of what is selected.
 * Returns update(part of data), receive() and destroy().
 */
export function mount(root, data, { send = () => {}, select = () => {}, still = null } = {}) {
  let content = readStrip(data);
  let state = { token: null, pinned: false, below: "id", score: firstScore() };
  let latest = null; // the palette
  let listed = null; // the content that the table was made for

  const rail = tokenRail({
    hover: (token) => state.pinned || set({ token }),
    pick: (token) => set({ token, pinned: !(state.pinned && state.token === token) }),
    decorate,
    before: headings,
  });
  const prompt = promptForm((message) => host.ask(message), { label: "text", verb: "Read" });
  const below = choice("below each token", [["id", "ids"], ["bytes", "bytes"], ["nothing", "nothing"]], (value) => {
    set({ below: value });
    rebuild();
  });
  const score = h("select", { "aria-label": "score", onchange: () => set({ score: score.value }) });
  const scoreControl = labelledControl("shade by", score);
  const legend = h("div", { class: "g4-legend" });
  const picture = h("div", { class: "g4-frame" }, rail.element);
  const tip = floatingTip(picture);
  const frame = viewFrame(root, { name: "strip", paint, onKey, shown, still });
  const host = asking(frame, send, () => `${content.model.name} reads the text`);
  rail.list.setAttribute("aria-describedby", frame.spoken.id);
  frame.assemble(
    h("div", { class: "g4-controls" }, frame.badge, prompt.element),
    h("div", { class: "g4-controls" }, h("span", { class: "g4-labelled" }, h("span", { class: "g4-soft", "aria-hidden": "true" }, "below"), below.element), scoreControl),
    picture, legend,
  );
  rail.list.addEventListener("pointermove", (event) => {
    const index = event.target.closest?.(".g4-token")?.dataset.index;
    if (index === undefined) tip.hide();
    else tip.show(tokenLines(content, Number(index)), event);
  });
  rail.list.addEventListener("pointerleave", tip.hide);

  function set(next) {
    state = { ...state, ...next };
    frame.draw();
    if ("token" in next || "pinned" in next || "score" in next) select(shown());
  }

  function shown() {
    return { token: state.token, pinned: state.pinned, score: state.score };
  }

  function onKey(key, element) {
    if (key === "Escape") return set({ token: null, pinned: false }), true;
    if (element !== rail.list) return false;
    if (key === "Enter" || key === " ") return state.token !== null && set({ pinned: !state.pinned }), true;
    const last = content.tokens.length - 1;
    const target = { ArrowRight: (state.token ?? -1) + 1, ArrowLeft: (state.token ?? last + 1) - 1, Home: 0, End: last }[key];
    if (target !== undefined) {
      set({ token: Math.min(Math.max(target, 0), last) });
      rail.show(state.token, state.pinned);
      rail.reveal(state.token);
      return true;
    }
    const step = { ArrowUp: -1, ArrowDown: 1 }[key];
    if (!step) return false;
    const names = scoreNames();
    set({ score: names[(names.indexOf(state.score) + step + names.length) % names.length] });
    return true;
  }

  function decorate(box, index) {
    const token = content.tokens[index];
    const text = { id: String(token.id), bytes: hex(token.bytes) || "–", nothing: "" }[state.below];
    box.insertBefore(h("span", { class: "g4-below" }, text), box.lastChild);
    box.insertBefore(h("span", { class: "g4-measure" }, h("i")), box.lastChild);
    const around = blocksAround(content, index).map(({ label }) => label);
    const place = around.length ? `, inside ${around.join(", ")}` : "";
    box.setAttribute("aria-label", `${box.getAttribute("aria-label")}, ${token.kind}, id ${token.id}${place}`);
    box.style.setProperty("--g4-depth", String(blocksAround(content, index).length));
    if (around.length) box.classList.add("g4-inside");
  }

  // where a turn or a part of one begins, its name on a line of its own; where an outermost one has ended, a new line
  function headings(index) {
    const ended = content.blocks.some((block) => block.end === index && block.depth === 0);
    const begun = content.blocks.filter((block) => block.start === index);
    const line = (block) => {
      const size = `${block.end - block.start} tokens${block.closed ? "" : ", open"}`;
      const heading = h("div", { class: "g4-heading", "aria-hidden": "true" }, h("b", {}, block.label), ` ${block.name === block.label ? "" : block.name} · ${size}`);
      heading.style.setProperty("--g4-depth", String(block.depth));
      return heading;
    };
    return begun.length ? begun.map(line) : ended ? [h("div", { class: "g4-heading g4-ended", "aria-hidden": "true" })] : [];
  }

  function rebuild() {
    rail.setTokens(content.tokens);
    if (state.token !== null) rail.show(state.token, state.pinned);
  }

  function paint(palette) {
    latest = palette;
    below.set(state.below);
    score.value = state.score;
    prompt.show(content, host.busy);
    rail.show(state.token, state.pinned);
    shadeAll();
    showLegend();
    const said = state.token === null ? null : state.token;
    frame.say(stripSentence(content, said));
    if (listed !== content) frame.setTable(() => table(content));
    listed = content;
  }

  function shadeAll() {
    const shown = content.scores.find(({ name }) => name === state.score);
    const range = shown && scoreRange(shown.values);
    for (const box of rail.list.querySelectorAll(".g4-token")) {
      const value = shown ? shown.values[Number(box.dataset.index)] : NaN;
      const place = range ? scorePlace(range, value) : null;
      const piece = box.querySelector(".g4-piece");
      const pinned = box.classList.contains("g4-pinned");
      const color = place === null || pinned ? "" : scoreColor(range, place, latest);
      piece.style.background = color;
      piece.style.color = color ? inkOn(color) : "";
      piece.classList.toggle("g4-shaded", color !== "");
      const bar = box.querySelector(".g4-measure");
      bar.hidden = !shown;
      bar.classList.toggle("g4-without", Boolean(shown) && place === null);
      Object.assign(bar.firstChild.style, place === null ? { width: "0" } : barAt(range, place));
    }
  }

  function showLegend() {
    const shown = content.scores.find(({ name }) => name === state.score);
    legend.hidden = !shown;
    if (!shown) return;
    const range = scoreRange(shown.values);
    const colors = Array.from({ length: STEPS + 1 }, (_, i) => scoreColor(range, i / STEPS, latest));
    const bar = h("span", { class: "g4-scale" });
    bar.style.background = `linear-gradient(to right, ${colors.join(", ")})`;
    const parts = [h("span", { class: "g4-key" }, h("span", {}, `${shown.name} ${rough(range.low)}`), bar, h("span", {}, `${rough(range.high)} ${shown.unit}`.trim()))];
    if (shown.chance !== null) {
      const at = scorePlace(range, shown.chance);
      const mark = h("i", { class: "g4-chance" });
      mark.style.left = `${100 * Math.min(Math.max(at, 0), 1)}%`;
      bar.append(mark);
      const beyond = at > 1 ? ", beyond this scale" : "";
      parts.push(h("span", { class: "g4-key" }, h("i", { class: "g4-dash" }), h("span", {}, `chance ${rough(shown.chance)} ${shown.unit}${beyond}`)));
    }
    if (shown.values.some(Number.isNaN)) parts.push(h("span", { class: "g4-key" }, h("i", { class: "g4-measure g4-without" }), h("span", {}, "no score")));
    legend.replaceChildren(...parts);
  }

  function scoreNames() {
    return [NO_SCORE, ...content.scores.map(({ name }) => name)];
  }

  function firstScore() {
    return content.scores[0]?.name ?? NO_SCORE;
  }

  function fill() {
    frame.setModel(content.model);
    prompt.fill(content.prompt ?? "");
    score.replaceChildren(...scoreNames().map((name) => h("option", { value: name }, name)));
    scoreControl.hidden = content.scores.length === 0;
    rebuild();
  }

  fill();
  host.showStatus(data.status ?? { state: "ready" });

  return {
    update(part) {
      if (part.header) {
        content = readStrip(part);
        const kept = scoreNames().includes(state.score) ? state.score : firstScore();
        state = { ...state, token: null, pinned: false, score: kept };
        fill();
      }
      if (part.status) host.showStatus(part.status);
      frame.draw();
    },
    receive() {},
    /** What is selected in another view of the same tokens. */
    select({ token, pinned }) {
      state = { ...state, token, pinned: pinned && token !== null };
      frame.draw();
    },
    destroy: frame.destroy,
  };
}

function barAt({ diverging }, place) {
  if (!diverging) return { left: "0", width: `${100 * place}%` };
  const [from, to] = place < 0.5 ? [place, 0.5] : [0.5, place];
  return { left: `${100 * from}%`, width: `${100 * (to - from)}%` };
}

function table(content) {
  const rows = content.tokens.map((token, index) => [
    index, token.id, token.text, token.kind, hex(token.bytes),
    blocksAround(content, index).map(({ label }) => label).join(" › "),
    ...content.scores.map((score) => scoreText(score, index).slice(score.name.length + 2)),
  ]);
  return {
    caption: `${content.tokens.length} tokens`,
    heads: ["position", "id", "piece", "kind", "bytes", "inside", ...content.scores.map(({ name }) => name)],
    rows,
  };
}
