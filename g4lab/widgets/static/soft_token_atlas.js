// SoftTokenAtlas: pictures, films and sounds with the soft tokens that they became, who reads them, and what hiding does.
import { asking } from "./asking.js";
import { atlasSentence, atlasTable, dataUri, lensNullWords, MEAN, readAtlas, receiveRow, softLines, weightsOf } from "./atlas_data.js";
import { boxOfTokens, softStep, TOKEN_SECONDS } from "./atlas_geometry.js";
import { atlasBeside, atlasFilm, atlasImages, atlasStage, budgetBar, budgetSlider, hidingPanel, soundPlayer, wordName } from "./atlas_parts.js";
import { choice, h } from "./dom.js";
import { rough } from "./numbers.js";
import { asBytes } from "./pack.js";
import { promptForm } from "./prompt_form.js";
import { scaleKey } from "./scale_key.js";
import { scoreColor } from "./strip_scale.js";
import { tokenRail } from "./token_rail.js";
import { floatingTip, labelledControl, viewFrame } from "./view_frame.js";

const SOFT_ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];
const PREVIEW_AFTER = 120; // ms; a slider moves faster than a picture is cut

/**
 * Draw the view inside `root`.
 *
 * data: { header, arrays } as SoftTokenAtlas.content packs them. options: send(message) asks the host for a row of
 * attention, another budget, a hidden region or another prompt; select(selection) tells it what is looked at;
 * still(shown, words) promises a picture of what is selected.
 * Returns update(part of data), select(selection), receive(message, buffers) and destroy().
 */
export function mount(root, data, { send = () => {}, select = () => {}, still = null } = {}) {
  let content = readAtlas(data);
  let state = startOf(content);
  let preview = null; // a picture at another budget, that the model has not read
  let played = null;
  let anchor = null; // where a box began that grows by keys
  let timer = null;
  const asked = new Set();
  let images = atlasImages(content, () => frame.draw());

  const prompt = promptForm((message) => host.ask(message));
  const frame = viewFrame(root, { name: "atlas", paint, onKey, shown, still });
  const host = asking(frame, send, doing);
  const kinds = choice("what lies over the picture", [["tokens", "Tokens"], ["attention", "Attention"], ["difference", "Minus uniform"], ["lens", "Read as"]], (overlay) => set({ overlay }));
  const parts = h("select", { "aria-label": "medium", onchange: () => set({ part: Number(parts.value), token: null, pinned: false }) });
  const picker = labelledControl("medium", parts);
  const layers = h("select", { "aria-label": "layer", onchange: () => set({ layer: Number(layers.value) }) });
  const heads = h("select", { "aria-label": "head", onchange: () => set({ head: heads.value === MEAN ? MEAN : Number(heads.value) }) });
  const stage = atlasStage({ describedBy: frame.spoken.id, hover: hoverSoft, pick, drag: (box) => set({ box, boxPart: state.part }) });
  stage.element.addEventListener("keydown", growBox);
  const around = h("div", { class: "g4-frame g4-around" }, stage.element);
  const tip = floatingTip(around);
  const beside = atlasBeside();
  const film = atlasFilm({ pick: (part) => set({ part, token: null, pinned: false }) });
  const bar = budgetBar();
  const slider = budgetSlider({ preview: askPreview, reread: (budget) => host.ask({ kind: "reread", budget }) });
  const player = soundPlayer({ played: (seconds) => ((played = seconds), frame.draw()) });
  const rail = tokenRail({ hover: (token) => state.pinned || set({ token }), pick });
  rail.list.setAttribute("aria-describedby", frame.spoken.id);
  const hiding = hidingPanel((message) => host.ask(message));
  const who = h("div", { class: "g4-title" });
  const note = h("div", { class: "g4-soft g4-note" });
  const legend = h("div", { class: "g4-legend" });
  frame.assemble(
    h("div", { class: "g4-controls" }, frame.badge, prompt.element),
    h("div", { class: "g4-controls" }, picker, kinds.element, labelledControl("layer", layers), labelledControl("head", heads)),
    rail.element, // above all that a hover may change: nothing moves it away from the pointer
    who, h("div", { class: "g4-atlas-main" }, around, beside.element), note, legend, slider.element, player.element, film.element, bar.element, hiding.element,
  );

  function startOf({ word, layers: all, parts: found }) {
    const top = all.findLast(({ kind }) => kind === "global") ?? all.at(-1);
    const overlay = found.length ? "attention" : "tokens";
    return { token: null, pinned: false, word, layer: top.index, head: MEAN, part: 0, overlay, box: null, boxPart: null, budget: null };
  }

  function set(part) {
    const before = state;
    state = { ...state, ...part };
    if (state.token !== null && content.partOf[state.token] >= 0) state.part = content.partOf[state.token];
    state.head = state.head === MEAN ? MEAN : Math.min(state.head, content.layers[state.layer].heads - 1);
    if (state.part !== before.part) dropPreview();
    fetchRow();
    frame.draw();
    select(shown());
  }

  function shown() {
    return { token: state.token, layer: state.layer, pinned: state.pinned, word: state.word };
  }

  // a word that is pinned is the one whose attention is shown; a soft token that is pinned stays in sight
  function pick(token) {
    const again = state.pinned && state.token === token;
    const soft = content.partOf[token] >= 0;
    if (soft && content.parts[content.partOf[token]].kind === "audio") player.seek((token - content.parts[content.partOf[token]].start) * TOKEN_SECONDS);
    set({ token, pinned: !again, ...(soft || again ? {} : { word: token }) });
  }

  function hoverSoft(position, event) {
    if (position === null) {
      tip.hide();
      return state.pinned || state.token === null || set({ token: null });
    }
    if (!state.pinned && state.token !== position) set({ token: position });
    tip.show(softLines(content, state, position), event);
  }

  function fetchRow() {
    const { word } = state;
    const found = content.rows.get(word);
    if (!content.live || (found && found.form === "heads") || asked.has(word)) return;
    asked.add(word);
    send({ kind: "row", token: word });
  }

  function askPreview(budget) {
    clearTimeout(timer);
    state = { ...state, budget };
    if (budget === content.budget.now) dropPreview();
    else timer = setTimeout(() => send({ kind: "budget", part: state.part, budget }), PREVIEW_AFTER);
    frame.draw();
  }

  function dropPreview() {
    clearTimeout(timer);
    preview = null;
    state = { ...state, budget: null };
  }

  // Shift and an arrow: a box from the soft token where it began to the one that the keys lead to
  function growBox(event) {
    const part = content.parts[state.part];
    if (!event.shiftKey || !SOFT_ARROWS.includes(event.key) || part.kind === "audio" || preview) {
      if (event.key !== "Shift") anchor = null;
      return;
    }
    const here = state.token !== null && state.token >= part.start && state.token < part.end ? state.token - part.start : 0;
    const start = anchor ?? here;
    const to = anchor === null && state.box === null ? here : softStep(event.key, here, part);
    set({ token: part.start + to, box: boxOfTokens(start, to, part.columns, content.side), boxPart: state.part });
    anchor = start;
    event.preventDefault();
    event.stopPropagation();
  }

  function onKey(key, element) {
    if (key === "Escape") return set({ token: null, pinned: false, box: null, boxPart: null }), true;
    const last = content.tokens.length - 1;
    if (element === stage.element) {
      const part = content.parts[state.part];
      if (key === "Enter" || key === " ") return state.token !== null && pick(state.token), true;
      const inPart = state.token !== null && state.token >= part.start && state.token < part.end;
      const to = softStep(key, inPart ? state.token - part.start : null, part);
      if (to === null) return false;
      set({ token: part.start + to });
      return true;
    }
    if (element !== rail.list) return false;
    if (key === "Enter" || key === " ") return state.token !== null && pick(state.token), true;
    const up = { ArrowUp: 1, ArrowDown: -1 }[key];
    if (up) return set({ layer: Math.min(Math.max(state.layer + up, 0), content.layers.length - 1) }), true;
    const to = { ArrowLeft: Math.max(0, (state.token ?? last + 1) - 1), ArrowRight: Math.min(last, (state.token ?? -1) + 1), Home: 0, End: last }[key];
    if (to === undefined) return false;
    set({ token: to });
    rail.show(to, state.pinned);
    rail.reveal(to);
    return true;
  }

  function doing(message) {
    if (message.kind === "hide" || message.kind === "attended") return `${content.model.name} reads the prompt with a region hidden, and with others for comparison`;
    return `${content.model.name} reads the prompt${message.kind === "reread" ? ` with pictures of ${message.budget} soft tokens` : ""} and answers it`;
  }

  function paint(palette) {
    const part = content.parts[state.part];
    const weights = weightsOf(content, state.word, state.layer, state.head);
    prompt.show(content, host.busy);
    kinds.set(state.overlay);
    picker.hidden = content.parts.length < 2;
    parts.value = String(state.part);
    layers.value = String(state.layer);
    fillHeads();
    who.textContent = state.overlay === "lens" ? `what each soft token is read as after layer ${state.layer}` : wordName(content, state.word);
    const overlay = stage.show(content, state, palette, { images, preview, patch: content.patch, weights, played });
    beside.show(content, state, palette, { images, patch: content.patch, weights, overlay, texts: (position) => softLines(content, state, position) });
    note.textContent = noteOf(part, weights);
    slider.show(content, state, preview, host.busy);
    player.show(content, part.kind === "audio" ? state.part : -1);
    film.show(content, state, palette, images);
    bar.show(content);
    rail.setTicks((index) => (weights && weights[index] > 0 ? [{ place: 0.5, height: Math.sqrt(weights[index]) }] : []));
    rail.show(state.token, state.pinned);
    hiding.show(content, state, host.busy);
    showLegend(palette, overlay);
    frame.say(atlasSentence(content, state));
    frame.setTable(() => atlasTable(content, state));
  }

  function noteOf(part, weights) {
    if (state.overlay === "lens") {
      return content.lens
        ? `logit lens after layer ${state.layer}: ${lensNullWords(content, state.layer)}`
        : "this trace carries no logit lens: save it with model.lens(trace).carried_by(trace)";
    }
    const shown_ = preview ?? content.pictures[state.part];
    const notes = [...(shown_ ? [shown_.note] : []), ...content.notes[state.part]];
    if (!weights && state.overlay !== "tokens") notes.unshift(content.live ? "this row is being fetched" : "the attention of this word, or of single heads of it, is not held in this page; it needs a kernel");
    return notes.join("; ");
  }

  function fillHeads() {
    const { heads: count } = content.layers[state.layer];
    if (heads.options.length !== count + 1) {
      heads.replaceChildren(h("option", { value: MEAN }, `mean over ${count} heads`), ...Array.from({ length: count }, (_, i) => h("option", { value: String(i) }, `head ${i}`)));
    }
    heads.value = String(state.head);
  }

  function showLegend(palette, overlay) {
    const parts_ = [];
    if (overlay && !overlay.range.diverging) parts_.push(scaleKey(palette, "attention 0", rough(overlay.range.high)));
    if (overlay && overlay.range.diverging) {
      parts_.push(scaleKey({ scale: (place) => scoreColor(overlay.range, place, palette) }, `less than uniform ${rough(overlay.range.low)}`, `more ${rough(overlay.range.high)}`));
    }
    if (overlay) parts_.push(h("span", {}, "hatched: out of sight; sounds: dashed is uniform; under each token √weight"));
    if (state.overlay === "lens" && content.lens) parts_.push(scaleKey(palette, "probability of what it is read as 0", "1"));
    parts_.push(h("span", {}, `${content.patch ? `fine grid: patches of ${content.patch} pixels; ` : ""}coarse grid: soft tokens${content.side ? ` of ${content.side} pixels` : ""}`));
    legend.replaceChildren(...parts_);
  }

  function fill() {
    frame.setModel(content.model);
    parts.replaceChildren(...content.parts.map(({ name }, index) => h("option", { value: String(index) }, name)));
    layers.replaceChildren(...content.layers.map(({ index, kind, window }) => h("option", { value: String(index) }, `${index} ${kind}${window === null ? "" : `, window ${window}`}`)));
    rail.setTokens(content.tokens);
    prompt.fill(content.prompt);
  }

  fill();
  host.showStatus(data.status ?? { state: "ready" });

  return {
    update(part) {
      if (part.header) {
        const old = content;
        content = readAtlas(part);
        const same = JSON.stringify(content.tokens) === JSON.stringify(old.tokens);
        if (same) old.rows.forEach((row, token) => content.rows.has(token) || content.rows.set(token, row));
        else {
          asked.clear();
          state = startOf(content);
        }
        preview = null;
        state = { ...state, budget: null };
        images = atlasImages(content, () => frame.draw());
        player.forget();
        fill();
      }
      if (part.status?.state === "error") asked.clear();
      if (part.status) host.showStatus(part.status);
      frame.draw();
    },
    /** What another view of the same trace has selected. */
    select({ token, layer, pinned }) {
      const known = content.layers.some(({ index }) => index === layer) ? layer : state.layer;
      const soft = token !== null && content.partOf[token] >= 0;
      const word = pinned && token !== null && !soft ? token : state.word;
      const part = soft ? content.partOf[token] : state.part;
      if (part !== state.part) dropPreview();
      const head = state.head === MEAN ? MEAN : Math.min(state.head, content.layers[known].heads - 1);
      state = { ...state, token, pinned, layer: known, word, part, head };
      fetchRow();
      frame.draw();
    },
    receive(message, buffers) {
      if (message.kind === "row") receiveRow(content, message, buffers);
      if (message.kind === "preview" && message.budget === state.budget && message.part === state.part) {
        const image = new Image();
        image.onload = () => frame.draw();
        image.src = dataUri(message.type, asBytes(buffers[0]));
        preview = { ...message, image };
      }
      frame.draw();
    },
    destroy() {
      clearTimeout(timer);
      player.stop();
      frame.destroy();
    },
  };
}
