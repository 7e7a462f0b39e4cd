// Microscope: the bar above the tabs. Prompt, choice of model, a recorded trace to open, and the tokens of all views.
import { h } from "./dom.js";
import { promptForm } from "./prompt_form.js";
import { quoted, tokenRail } from "./token_rail.js";
import { traceOpener } from "./trace_opener.js";
import { labelledControl, viewFrame } from "./view_frame.js";

/** What is selected, in words. Pure, so that it can be tested. */
export function scopeSentence(content, { token, layer, pinned }) {
  const missing = content.missing.map(({ name, why }) => ` No ${name}: ${why}.`).join("");
  if (token === null) return `${content.tokens.length} tokens. Point at one: it lights up in every view.${missing}`;
  const at = layer === null ? "" : ` at layer ${layer}`;
  return `Token ${token} of ${content.tokens.length}, ${quoted(content.tokens[token])}, id ${content.tokens[token].id}${at}${pinned ? ", pinned in every view" : ""}.${missing}`;
}

/** The token that a key leads to, or null for a key that leads nowhere. */
export function scopeStep(key, token, count) {
  const target = { ArrowRight: (token ?? -1) + 1, ArrowLeft: (token ?? count) - 1, Home: 0, End: count - 1 }[key];
  return target === undefined ? null : Math.min(Math.max(target, 0), count - 1);
}

/**
 * Draw the bar inside `root`. options: send(message) asks the host to read another prompt, with another model, or to
 * open a recorded trace; select(selection) tells it what is looked at.
 * Returns update(part of data), select(selection), receive() and destroy().
 */
export function mount(root, data, { send = () => {}, select = () => {} } = {}) {
  let content = data.header;
  let state = { token: null, layer: null, pinned: false };
  let busy = false;

  const prompt = promptForm(ask);
  const models = h("select", { "aria-label": "model", onchange: () => ask({ kind: "choose", model: models.value }) });
  const picker = labelledControl("model", models);
  const opener = traceOpener(ask);
  const rail = tokenRail({ hover: (token) => state.pinned || set({ token }), pick: (token) => set({ token, pinned: !(state.pinned && state.token === token) }) });
  const frame = viewFrame(root, { name: "scope", paint, onKey });
  rail.list.setAttribute("aria-describedby", frame.spoken.id);
  frame.assemble(h("div", { class: "g4-controls" }, frame.badge, picker, prompt.element, opener.element), rail.element);

  function set(part) {
    state = { ...state, ...part };
    frame.draw();
    select(state);
  }

  function onKey(key, element) {
    if (key === "Escape") return set({ token: null, pinned: false }), true;
    if (element !== rail.list) return false;
    if (key === "Enter" || key === " ") return state.token !== null && set({ pinned: !state.pinned }), true;
    const token = scopeStep(key, state.token, content.tokens.length);
    if (token === null) return false;
    set({ token });
    rail.show(token, state.pinned);
    rail.reveal(token);
    return true;
  }

  function ask(message) {
    if (busy) return;
    showStatus({ state: "busy", doing: message.kind === "open" ? "the trace is read" : `${message.model ?? content.model.name} reads the prompt` });
    send(message);
  }

  function showStatus(value) {
    busy = value.state === "busy";
    frame.showStatus(value);
    if (value.state === "error") models.value = content.model.name; // the choice did not come about
    frame.draw();
  }

  function paint() {
    prompt.show(content, busy);
    opener.show(busy);
    rail.show(state.token, state.pinned);
    frame.say(scopeSentence(content, state));
    frame.setTable(() => ({
      caption: "The tokens",
      heads: ["token", "id", "text", "kind"],
      rows: content.tokens.map((token, index) => [index, token.id, quoted(token), token.kind]),
    }));
  }

  function fill() {
    frame.setModel(content.model);
    picker.hidden = !content.live || content.models.length < 2;
    opener.element.hidden = !content.live;
    const names = content.models.includes(content.model.name) ? content.models : [content.model.name, ...content.models];
    models.replaceChildren(...names.map((name) => h("option", { value: name }, name)));
    models.value = content.model.name;
    rail.setTokens(content.tokens);
    rail.setTicks(() => []);
    prompt.fill(content.prompt);
  }

  fill();
  showStatus(data.status ?? { state: "ready" });

  return {
    update(part) {
      if (part.header) {
        const same = JSON.stringify(part.header.tokens) === JSON.stringify(content.tokens);
        content = part.header;
        if (!same) state = { token: null, layer: null, pinned: false };
        fill();
      }
      if (part.status) showStatus(part.status);
      frame.draw();
    },
    /** What another view of the same trace has selected. */
    select({ token, layer, pinned }) {
      state = { token, layer: layer ?? state.layer, pinned };
      frame.draw();
    },
    receive() {},
    destroy: frame.destroy,
  };
}
