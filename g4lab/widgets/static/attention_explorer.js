// AttentionExplorer: all heads as thumbnails, one at full size, the finder, and what cutting heads does.
import { asking } from "./asking.js";
import { attentionSentence, attentionTable, cutNames, headTip, heldWords, pairTip, readAttention, receiveAttention, rowOf } from "./attention_data.js";
import { headStep, pairStep } from "./attention_geometry.js";
import { cutButtons, fullHead, headFinder, lineView, thumbGrid } from "./attention_parts.js";
import { choice, h } from "./dom.js";
import { nextTokens } from "./next_token.js";
import { promptForm } from "./prompt_form.js";
import { scaleKey } from "./scale_key.js";
import { tokenRail } from "./token_rail.js";
import { floatingTip, viewFrame } from "./view_frame.js";

/**
 * Draw the view inside `root`.
 *
 * data: { header, arrays } as AttentionExplorer.content packs them. options: send(message) asks the host for a head,
 * an exact row, a score, a cut or another prompt; select(selection) tells it what is looked at;
 * still(shown, words) promises a picture of what is selected.
 * Returns update(part of data), select(selection), receive(message, buffers) and destroy().
 */
export function mount(root, data, { send = () => {}, select = () => {}, still = null } = {}) {
  let content = readAttention(data);
  let state = { layer: content.chosen[0], head: content.chosen[1], token: null, key: null, pinned: false, metric: content.scores[0].name, lowest: false, mode: "weight" };
  let pointed = null; // where a tooltip stands, so that it can be filled again when the exact row arrives
  const asked = new Set();

  const prompt = promptForm((message) => host.ask(message));
  const frame = viewFrame(root, { name: "attention", paint, onKey, shown, still });
  const host = asking(frame, send, doing);
  const both = h("div", { class: "g4-frame g4-both" });
  const tip = floatingTip(both);
  const thumbs = thumbGrid({ describedBy: frame.spoken.id, hover: hoverHead, pick: ({ layer, head }) => choose(layer, head) });
  const full = fullHead({ describedBy: frame.spoken.id, hover: hoverPair, pick: ({ query, key }) => set({ token: query, key, pinned: true }) });
  both.prepend(thumbs.element, full.element);
  const rail = tokenRail({ hover: (token) => state.pinned || set({ token, key: null }), pick: pin });
  rail.list.setAttribute("aria-describedby", frame.spoken.id);
  const lines = lineView();
  const finder = headFinder({ pick: choose, choose: metric, turn: () => set({ lowest: !state.lowest }) });
  const modes = choice("what a head's numbers are", [["weight", "Weights"], ["value", "Weights × values"]], (mode) => set({ mode }));
  const cutter = cutButtons((message) => host.ask(message));
  const next = nextTokens();
  const legend = h("div", { class: "g4-legend" });
  frame.assemble(
    h("div", { class: "g4-controls" }, frame.badge, prompt.element, modes.element),
    both, rail.element, h("div", { class: "g4-lower" }, finder.element, lines.element), cutter.element, next.element, legend,
  );

  function set(part) {
    state = { ...state, ...part };
    fetchWhatIsMissing();
    frame.draw();
    select(shown());
  }

  function shown() {
    return { token: state.token, layer: state.layer, pinned: state.pinned, head: state.head, mode: state.mode };
  }

  function choose(layer, head) {
    set({ layer, head, key: null });
  }

  function pin(token) {
    set({ token, key: null, pinned: !(state.pinned && state.token === token) });
  }

  function metric(name) {
    set({ metric: name });
    if (!content.scores.some((score) => score.name === name)) host.ask({ kind: "score", name });
  }

  function hoverHead(place, event) {
    if (place) tip.show(headTip(content, place.layer, place.head), event);
    else tip.hide();
  }

  function hoverPair(pair, event) {
    pointed = pair && { pair, event };
    if (!pair) {
      tip.hide();
      return state.pinned || set({ token: null, key: null });
    }
    if (!state.pinned) set({ token: pair.query, key: pair.key });
    else fetchRow(pair.query);
    tip.show(pairTip(content, state, pair.query, pair.key), event);
  }

  // what the kernel is asked for once: a head that is not here, and the exact row of one that came in steps
  function fetchWhatIsMissing() {
    const { layer, head } = state;
    if (!content.live) return;
    if (!content.heads.has(`${layer}.${head}`)) return askOnce({ kind: "head", layer, head });
    if (state.token !== null) fetchRow(state.token);
  }

  function fetchRow(token) {
    const { layer, head } = state;
    const found = content.heads.get(`${layer}.${head}`);
    if (content.live && found && !found.exact && !found.rows.has(token)) askOnce({ kind: "row", layer, head, token });
  }

  function askOnce(message) {
    const key = JSON.stringify(message);
    if (asked.has(key)) return;
    asked.add(key);
    send(message);
  }

  function onKey(key, element) {
    if (key === "Escape") return set({ token: null, key: null, pinned: false }), true;
    if (element === thumbs.element) {
      const to = headStep(key, content.layers, state.layer, state.head);
      if (!to) return false;
      choose(to.layer, to.head);
      thumbs.reveal(to.layer, to.head);
      return true;
    }
    if (element === full.scroller) {
      if (key === "Enter" || key === " ") return set({ pinned: !state.pinned }), true;
      const to = pairStep(key, content.tokens.length, state.token ?? content.tokens.length, state.key ?? 0);
      if (!to) return false;
      set({ token: to.query, key: to.key });
      full.reveal(state.token, state.key);
      return true;
    }
    if (finder.walk(key, element)) return true;
    if (element !== rail.list) return false;
    if (key === "Enter" || key === " ") return state.token !== null && set({ pinned: !state.pinned }), true;
    const last = content.tokens.length - 1;
    const up = { ArrowUp: 1, ArrowDown: -1 }[key] && headStep(key, content.layers, state.layer, state.head);
    if (up) return choose(up.layer, up.head), true;
    const to = { ArrowLeft: Math.max(0, (state.token ?? last + 1) - 1), ArrowRight: Math.min(last, (state.token ?? -1) + 1), Home: 0, End: last }[key];
    if (to === undefined) return false;
    set({ token: to, key: null });
    rail.show(to, state.pinned);
    rail.reveal(to);
    return true;
  }

  // under each token what the token in question reads of it
  function tickRail() {
    const { first, values } = (state.token !== null && rowOf(content, state, state.token)) || { first: 0, values: [] };
    rail.setTicks((index) => (values[index - first] === undefined ? [] : [{ place: 0.5, height: Math.sqrt(values[index - first]) }]));
  }

  function doing(message) {
    return message.kind === "score" ? `every head is scored by ${message.name}` : `${content.model.name} reads the prompt`;
  }

  function showStatus(value) {
    if (value.state === "error") asked.clear();
    host.showStatus(value);
  }

  function paint(palette) {
    prompt.show(content, host.busy);
    modes.element.hidden = !content.by_value;
    modes.set(state.mode);
    thumbs.show(content, state, palette);
    full.show(content, state, palette, content.live ? "This head is being fetched at full size." : "This head is not held in this page. Its full size needs a kernel; the finder marks those that are held with ▪.");
    tickRail();
    rail.show(state.token, state.pinned);
    lines.show(content, state, palette);
    finder.show(content, state);
    cutter.show(content, state, host.busy);
    next.show(content.next, cutNames(content));
    legend.replaceChildren(
      scaleKey(palette, state.mode === "value" ? "share 0" : "weight 0", "1, shaded by its square root; thumbnails: the largest weight in each cell"),
      ...(state.mode === "value" ? [h("span", { class: "g4-formula" }, "weight × value: A[t,j] ‖v[j] W_O‖, of the row's sum (Kobayashi et al. 2020); its null: the same values with uniform weights. Thumbnails and finder stay with the weights")] : []),
      h("span", { class: "g4-key" }, h("i", { class: "g4-dash" }), "edge of a window; in the finder: uniform over the visible keys"),
      h("span", {}, `? fewer than ${content.least} rows, too few for a claim`),
      ...(content.layers.some(({ index, owner }) => index !== owner) ? [h("span", {}, "● → keys and values of one layer, read by others")] : []),
      h("span", { class: "g4-held" }, heldWords(content)),
      ...(content.cuts.length ? [h("span", {}, `× cut; patterns are of the run without cuts`)] : []),
    );
    frame.say(attentionSentence(content, state));
    frame.setTable(() => attentionTable(content, state));
  }

  function fill() {
    frame.setModel(content.model);
    rail.setTokens(content.tokens);
    prompt.fill(content.prompt);
  }

  fill();
  showStatus(data.status ?? { state: "ready" });

  return {
    update(part) {
      if (part.header) {
        const old = content;
        content = readAttention(part);
        const same = JSON.stringify(content.tokens) === JSON.stringify(old.tokens);
        // heads that were fetched stay, as long as the same tokens are on show
        const keep = (from, to) => from.forEach((value, key) => to.has(key) || to.set(key, value));
        if (same) {
          keep(old.heads, content.heads);
          keep(old.lengths, content.lengths);
        } else state = { ...state, token: null, key: null, pinned: false };
        if (!content.by_value) state = { ...state, mode: "weight" };
        asked.clear();
        fill();
        fetchWhatIsMissing();
      }
      if (part.status) showStatus(part.status);
      frame.draw();
    },
    /** What another view of the same trace has selected. */
    select({ token, layer, pinned }) {
      const known = content.layers.some(({ index }) => index === layer) ? layer : state.layer;
      state = { ...state, token, key: null, pinned, layer: known, head: Math.min(state.head, content.layers[known].heads - 1) };
      fetchWhatIsMissing();
      frame.draw();
    },
    receive(message, buffers) {
      receiveAttention(content, message, buffers);
      frame.draw();
      if (pointed && message.kind === "row") tip.show(pairTip(content, state, pointed.pair.query, pointed.pair.key), pointed.event);
    },
    destroy() {
      full.stop();
      asked.clear();
      frame.destroy();
    },
  };
}
