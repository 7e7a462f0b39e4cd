// The token rail: the spine of every view. One box a token, spaces made visible, ticks below where a view wants them.
import { h, uniqueId } from "./dom.js";

const PAGE = 400; // boxes shown at once; longer sequences are shown around the token in question
const VISIBLE = { " ": "·", "\n": "⏎", "\t": "⇥", "\r": "␍" };

/** A token's text as parts, those that stand for white space marked, so that " ball" and "ball" look different. */
export function tokenParts(text) {
  if (text === "") return [{ text: "∅", mark: true }];
  const parts = [];
  for (const character of text) {
    const mark = character in VISIBLE;
    const shown = mark ? VISIBLE[character] : character;
    const last = parts.at(-1);
    if (last?.mark === mark) last.text += shown;
    else parts.push({ text: shown, mark });
  }
  return parts;
}

/** The first and the last-but-one-after token of the page that holds `current`. */
export function pageAround(current, length, size = PAGE) {
  const start = Math.max(0, Math.min(current - Math.floor(size / 2), length - size));
  return [start, Math.min(length, start + size)];
}

/** A token quoted in a sentence. */
export function quoted(token) {
  return token.kind === "control" ? token.text : `“${tokenParts(token.text).map((p) => p.text).join("")}”`;
}

/**
 * The rail: `hover(index or null)` and `pick(index)` are told what the pointer does.
 *
 * A view may `decorate(box, index)` each box, above its ticks, and put elements `before(index)` it.
 */
export function tokenRail({ hover, pick, decorate = () => {}, before: ahead = () => [] }) {
  const prefix = uniqueId("token");
  const list = h("div", { class: "g4-rail", role: "listbox", "aria-label": "tokens", tabindex: "0" });
  list.dataset.lmSuppressShortcuts = "true";
  const element = h("div", { class: "g4-rail-frame" });
  let boxes = new Map();
  let tokens = [];

  const indexOf = (event) => event.target.closest?.(".g4-token")?.dataset.index;
  list.addEventListener("pointerover", (event) => {
    const index = indexOf(event);
    if (index !== undefined) hover(Number(index));
  });
  list.addEventListener("pointerleave", () => hover(null));
  list.addEventListener("click", (event) => {
    const index = indexOf(event);
    if (index !== undefined) pick(Number(index));
  });

  function build(around) {
    const [start, end] = pageAround(around, tokens.length);
    boxes = new Map();
    for (let index = start; index < end; index += 1) boxes.set(index, box(tokens[index], index, prefix));
    boxes.forEach(decorate);
    list.replaceChildren(...[...boxes].flatMap(([index, item]) => [...ahead(index), item]));
    const before = start > 0 ? [more(`‹ ${start} before`, start - 1)] : [];
    const after = end < tokens.length ? [more(`${tokens.length - end} after ›`, end)] : [];
    element.replaceChildren(...before, list, ...after);
    drawTicks();
  }

  const more = (text, to) => h("button", { type: "button", class: "g4-more", onclick: () => pick(to) }, text);

  let ticks = () => [];
  const drawTicks = () => {
    for (const [index, item] of boxes) item.lastChild.replaceChildren(...ticks(index).map(tick));
  };

  return {
    element,
    list,
    /** New tokens. */
    setTokens(next) {
      tokens = next;
      build(0);
    },
    /** New ticks: a function from a token to the place and height, 0 to 1, of each of its ticks. */
    setTicks(next) {
      ticks = next;
      drawTicks();
    },
    /** Which token is looked at, or null, and whether it is pinned. */
    show(current, pinned) {
      if (current !== null && !boxes.has(current)) build(current);
      for (const [index, item] of boxes) {
        item.classList.toggle("g4-current", index === current);
        item.classList.toggle("g4-pinned", index === current && pinned);
        item.setAttribute("aria-selected", String(index === current));
      }
      if (current === null) list.removeAttribute("aria-activedescendant");
      else list.setAttribute("aria-activedescendant", `${prefix}-${current}`);
    },
    /** Scroll the rail, and nothing else, so that a token is seen. */
    reveal(index) {
      const item = boxes.get(index);
      const below = item.offsetTop + item.offsetHeight - list.clientHeight;
      list.scrollTop = Math.min(Math.max(list.scrollTop, below), item.offsetTop);
    },
  };
}

function box(token, index, prefix) {
  const parts = token.kind === "control" ? [{ text: token.text, mark: false }] : tokenParts(token.text);
  const piece = parts.map((part) => h("span", part.mark ? { class: "g4-mark" } : {}, part.text));
  return h(
    "div",
    {
      class: "g4-token",
      role: "option",
      id: `${prefix}-${index}`,
      "data-index": index,
      "data-kind": token.kind,
      "aria-label": `token ${index}: ${quoted(token)}`,
    },
    h("span", { class: "g4-piece" }, ...piece),
    h("span", { class: "g4-ticks" }),
  );
}

function tick({ place, height }) {
  const mark = h("i");
  mark.style.left = `${100 * place}%`;
  mark.style.height = `${Math.max(2, 9 * height)}px`;
  return mark;
}
