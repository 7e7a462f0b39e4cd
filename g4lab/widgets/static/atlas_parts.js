// The parts of SoftTokenAtlas: the stage with a picture or a sound, what stands beside it, the film strip, and hiding.
import { boxOfPoints, filmLayout, pictureLayout, softAt, soundLayout } from "./atlas_geometry.js";
import { boxWords, budgetRows, dataUri, lossRows, lossWords, saysWords, shareOf, uniformAt } from "./atlas_data.js";
import { overlayOf, paintEnlarged, paintFilm, paintPicture, paintSound, paintUniform } from "./atlas_paint.js";
import { h, keepingFocus, sizedContext } from "./dom.js";
import { precise, rough } from "./numbers.js";
import { quoted } from "./token_rail.js";
import { labelledControl } from "./view_frame.js";

const TALLEST = 440; // CSS pixels of a picture
const ENLARGED = 144;
const NULL_SIZE = 144;
const THUMB = 52;
const DRAGGED = 5; // pixels from which a press is a drag

/** The pictures of a content as they are decoded: `get(index)`; ready() is called for each that arrives. */
export function atlasImages(content, ready) {
  const images = new Map();
  Object.entries(content.pictures).forEach(([index, { type }]) => {
    const image = new Image();
    image.onload = () => {
      images.set(Number(index), image);
      ready();
    };
    image.src = dataUri(type, content.data[`picture.${index}`].data);
  });
  return images;
}

/** How a part lies on the stage. */
export function stageLayout(content, part, width, preview = null) {
  if (part.kind === "audio") return soundLayout(part.end - part.start, width);
  return pictureLayout(preview ?? part, content.side, width, TALLEST);
}

/** The stage: hover(position or null, event), pick(position), drag(box) hear of the pointer. */
export function atlasStage({ describedBy, hover, pick, drag }) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const element = h("div", { class: "g4-stage", tabindex: "0", role: "application", "aria-describedby": describedBy }, canvas);
  let shown = null;
  let from = null;

  const pointOf = (event) => {
    const frame = canvas.getBoundingClientRect();
    return { x: event.clientX - frame.left, y: event.clientY - frame.top };
  };
  const positionAt = (event) => {
    const { x, y } = pointOf(event);
    const token = shown && !shown.preview ? softAt(shown.g, x, y) : null;
    return token === null ? null : shown.part.start + token;
  };
  const boxTo = (event) => boxOfPoints(shown.g, from, pointOf(event), shown.patch ?? shown.content.side);
  const far = (event) => {
    const to = pointOf(event);
    return Math.hypot(to.x - from.x, to.y - from.y) >= DRAGGED;
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !shown || shown.preview) return;
    from = pointOf(event);
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (from && shown.part.kind !== "audio" && far(event)) drag(boxTo(event));
    else hover(positionAt(event), event);
  });
  canvas.addEventListener("pointerup", (event) => {
    if (!from) return;
    const position = positionAt(event);
    if (shown.part.kind !== "audio" && far(event)) drag(boxTo(event));
    else if (position !== null) pick(position);
    from = null;
  });
  canvas.addEventListener("pointercancel", () => (from = null));
  canvas.addEventListener("pointerleave", (event) => hover(null, event));

  return {
    element,
    get layout() {
      return shown?.g ?? null;
    },
    show(content, state, palette, { images, preview, patch, weights, played }) {
      const part = content.parts[state.part];
      const width = element.clientWidth;
      const tallest = Math.max(...content.parts.map((each) => stageLayout(content, each, width).height));
      const g = stageLayout(content, part, width, preview);
      element.style.minHeight = `${Math.ceil(tallest)}px`; // a hover that shows another part must not move what is below
      element.setAttribute("aria-label", preview ? `${part.name} at another budget` : `soft tokens of ${part.name}`);
      shown = { content, part, g, preview, patch };
      const context = sizedContext(canvas, g.width, g.height);
      const inPart = state.token !== null && state.token >= part.start && state.token < part.end;
      const current = inPart && !preview ? state.token - part.start : null;
      const overlay = preview ? null : overlayOf(content, state, part, weights);
      if (part.kind === "audio") {
        const uniform = (u) => uniformAt(content, state.word, state.layer, part.start + u);
        paintSound(context, g, { content, index: state.part, part, state, overlay, uniform, palette, current, played });
      } else {
        const plain = preview ? { ...state, overlay: "tokens" } : state;
        const box = preview || state.boxPart !== state.part ? null : state.box;
        paintPicture(context, g, { image: preview ? preview.image : images.get(state.part), content, part, state: plain, overlay, palette, patch, box, current });
      }
      return overlay;
    },
  };
}

/** Beside the stage: the soft token enlarged, and the null of the overlay. */
export function atlasBeside() {
  const enlarged = h("canvas", { "aria-hidden": "true" });
  const lines = h("div", { class: "g4-lines-of" });
  const first = h("div", { class: "g4-enlarged" }, h("div", { class: "g4-title" }, "soft token, enlarged"), enlarged, lines);
  const uniform = h("canvas", { "aria-hidden": "true" });
  const words = h("div", { class: "g4-null-words" });
  const second = h("div", { class: "g4-null-of" }, h("div", { class: "g4-title" }, "null: uniform attention"), uniform, words);
  return {
    element: h("div", { class: "g4-beside" }, first, second),
    show(content, state, palette, { images, patch, weights, overlay, texts }) {
      const part = content.parts[state.part];
      const inPart = state.token !== null && state.token >= part.start && state.token < part.end;
      const image = images.get(state.part);
      first.classList.toggle("g4-absent", part.kind === "audio");
      const scale = image ? image.naturalWidth / (part.columns * content.side) : 1;
      const current = inPart && part.kind !== "audio" ? state.token - part.start : null;
      paintEnlarged(sizedContext(enlarged, ENLARGED, ENLARGED), ENLARGED, { image, part, side: content.side, patch, current, palette, scale });
      lines.textContent = inPart ? texts(state.token).join("\n") : "point at a soft token";
      second.classList.toggle("g4-absent", !overlay);
      if (!overlay) return;
      const g = part.kind === "audio" ? null : pictureLayout(part, content.side, NULL_SIZE, NULL_SIZE);
      uniform.hidden = g === null;
      if (g) paintUniform(sizedContext(uniform, g.width, g.height), g, (u) => uniformAt(content, state.word, state.layer, part.start + u), overlay.range, palette);
      const share = shareOf(content, state.word, state.layer, weights, part);
      words.textContent = share.seen
        ? `on ${part.name}: ${precise(share.weight)}, uniform ${precise(share.uniform)}: ${rough(share.ratio)} x chance`
        : `${part.name} is out of sight of token ${state.word} in layer ${state.layer}`;
    },
  };
}

/** All parts as thumbnails; pick(index) hears of a click. The choice by keyboard is the select beside it. */
export function atlasFilm({ pick }) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const element = h("div", { class: "g4-film" }, canvas);
  let g = null;
  canvas.addEventListener("click", (event) => {
    const frame = canvas.getBoundingClientRect();
    const index = g?.find(event.clientX - frame.left, event.clientY - frame.top);
    if (index !== null && index !== undefined) pick(index);
  });
  return {
    element,
    show(content, state, palette, images) {
      element.hidden = content.parts.length < 2;
      if (element.hidden) return;
      g = filmLayout(content.parts.length, element.clientWidth, THUMB, 18);
      paintFilm(sizedContext(canvas, g.width, g.height), g, { parts: content.parts, images, chosen: state.part, palette });
    },
  };
}

/** The tokens by modality, each as a stretch of one bar with its number. */
export function budgetBar() {
  const bar = h("div", { class: "g4-budget-bar", "aria-hidden": "true" });
  const words = h("div", { class: "g4-budget-words" });
  return {
    element: h("div", { class: "g4-budget" }, bar, words),
    show(content) {
      const rows = budgetRows(content);
      const total = content.tokens.length;
      bar.replaceChildren(
        ...rows.map(({ kind, share }) => {
          const piece = h("i", { "data-kind": kind });
          piece.style.flexGrow = String(share);
          return piece;
        }),
      );
      const room = content.positions ? ` of the ${content.positions} that the model reads` : "";
      words.replaceChildren(
        ...rows.map(({ kind, count, share }) => h("span", { class: "g4-key" }, h("i", { class: "g4-swatch", "data-kind": kind }), `${kind} ${count} (${(100 * share).toFixed(1)} %)`)),
        h("span", {}, `${total} tokens${room}`),
      );
    },
  };
}

/** The slider of budgets; preview(budget) asks for a picture at another one, reread(budget) lets the model read it. */
export function budgetSlider({ preview, reread }) {
  const slider = h("input", { type: "range", min: "0", step: "1", "aria-label": "budget of soft tokens", oninput: () => preview(steps[Number(slider.value)]) });
  const words = h("span", { class: "g4-budget-said" });
  const read = h("button", { type: "button", onclick: press }, "Read at this budget");
  const element = h("div", { class: "g4-slider" }, labelledControl("budget", slider), words, read);
  let steps = [];
  let wanted = null;

  function press() {
    if (wanted !== null && read.getAttribute("aria-disabled") !== "true") reread(wanted);
  }

  return {
    element,
    show(content, state, found, busy) {
      const part = content.parts[state.part];
      element.hidden = part.kind !== "image" || !content.side;
      const budget = content.budget;
      slider.parentElement.hidden = !content.can_hide || !budget;
      if (budget) {
        steps = budget.steps;
        slider.max = String(steps.length - 1);
        const now = state.budget ?? budget.now;
        slider.value = String(steps.indexOf(now));
        slider.setAttribute("aria-valuetext", `${now} soft tokens at most`);
      }
      wanted = found ? found.budget : null;
      read.hidden = !found;
      read.setAttribute("aria-disabled", String(busy));
      const { rows, columns } = found ?? part;
      const size = `${rows} x ${columns} = ${rows * columns} soft tokens, ${columns * content.side} x ${rows * content.side} pixels`;
      const told = budget ? `budget ${state.budget ?? budget.now}: ` : "";
      const more = content.can_hide ? "" : "; another budget needs a kernel";
      const which = found ? ". Cut by the processor only: the model has not read it, so it has no attention here" : "";
      words.textContent = `${told}${size}${which}${more}`;
    },
  };
}

/** Playback of sounds: played(seconds or null) hears where it is. */
export function soundPlayer({ played }) {
  const audio = h("audio", { controls: true, preload: "metadata", ontimeupdate: () => played(audio.currentTime), onended: () => played(null) });
  const note = h("span", { class: "g4-soft" });
  const element = h("div", { class: "g4-player" }, audio, note);
  let at = null;
  return {
    element,
    show(content, index) {
      const sound = content.sounds[index];
      element.hidden = !sound;
      if (!sound) {
        audio.pause();
        return;
      }
      const file = content.data[`wave.${index}`];
      audio.hidden = !file;
      note.textContent = `${sound.note}; mel frames of 10 ms, four to a soft token of 40 ms, log energy ${rough(sound.low)} to ${rough(sound.high)}`;
      if (at === `${index}` && audio.dataset.of === content.model.name) return;
      at = `${index}`;
      audio.dataset.of = content.model.name;
      audio.setAttribute("aria-label", `playback of ${content.parts[index].name}`);
      if (file) audio.src = dataUri("audio/wav", file.data);
    },
    forget() {
      at = null;
    },
    seek(seconds) {
      if (audio.readyState > 0) audio.currentTime = seconds;
    },
    stop() {
      audio.pause();
      audio.removeAttribute("src");
    },
  };
}

/** Hiding: the region in words, the buttons, and what came of it. */
export function hidingPanel(ask) {
  const said = h("span", { class: "g4-region" });
  const count = h("input", { type: "number", min: "1", value: "1", "aria-label": "how many of the most attended soft tokens" });
  let shown = null;
  const button = (text, act) => h("button", { type: "button", onclick: (event) => event.currentTarget.getAttribute("aria-disabled") === "true" || act() }, text);
  const region = button("Hide and ask again", () => ask({ kind: "hide", part: shown.state.part, box: shown.state.box }));
  const attended = button("Hide the most attended", () => ask({ kind: "attended", part: shown.state.part, layer: shown.state.layer, word: shown.state.word, count: Number(count.value) }));
  const forget = button("Forget", () => ask({ kind: "forget" }));
  const controls = h("div", { class: "g4-controls" }, region, said, labelledControl("", count), attended, forget);
  const without = h("p", { class: "g4-soft" }, "Hiding a region lets the model read the prompt again: it needs a kernel. What was hidden before this page was made is shown.");
  const results = h("div", { class: "g4-results", tabindex: "-1" });
  const title = h("div", { class: "g4-title" }, "does the answer come from there?");
  return {
    element: h("div", { class: "g4-hiding" }, title, controls, without, results),
    show(content, state, busy) {
      shown = { content, state };
      const part = content.parts[state.part];
      const pictured = part.kind !== "audio";
      const box = state.boxPart === state.part ? state.box : null;
      controls.hidden = !content.can_hide;
      without.hidden = content.can_hide;
      said.textContent = pictured ? boxWords(box, content.side) : "a sound has no pixels to hide; choose a picture or a frame";
      region.setAttribute("aria-disabled", String(busy || !pictured || !box));
      attended.setAttribute("aria-disabled", String(busy || !pictured));
      attended.textContent = `Hide what token ${state.word} reads most in layer ${state.layer}`;
      count.max = String(part.end - part.start);
      forget.hidden = !content.hidings.length;
      forget.setAttribute("aria-disabled", String(busy));
      keepingFocus(results, () => results.replaceChildren(...answerLine(content), ...content.hidings.map((each) => resultOf(content, each)).toReversed()));
    },
  };
}

function answerLine(content) {
  if (!content.answer) return [];
  const pieces = content.answered.map((log, i) => h("span", { class: "g4-answered" }, h("span", { class: "g4-piece" }, quoted(content.tokens[content.answer[0] + i])), ` ${precise(Math.exp(log))}`));
  return [h("div", { class: "g4-answer" }, h("span", { class: "g4-soft" }, "the answer, and the probability of each of its tokens: "), ...pieces)];
}

function resultOf(content, hiding) {
  const part = content.parts[hiding.part];
  const name = hiding.what === "box" ? `${part.name}: ${boxWords(hiding.boxes[0], content.side)} hidden` : `${part.name}: the ${hiding.boxes.length} most attended hidden`;
  const bar = (name_, value) => {
    const track = h("span", { class: "g4-track", "aria-hidden": "true" }, h("i"));
    track.firstChild.style.width = `${100 * value}%`;
    return h("span", { class: "g4-loss-bar" }, h("span", { class: "g4-soft" }, name_), track, h("span", {}, precise(value)));
  };
  const rows = lossRows(content, hiding).map(({ text, before, after, elsewhere }) =>
    h("li", {}, h("span", { class: "g4-piece" }, text), bar("before", before), bar("hidden", after), ...(elsewhere === null ? [] : [bar(hiding.what === "box" ? "elsewhere" : "random", elsewhere)])),
  );
  return h("div", { class: "g4-result" }, h("div", {}, h("b", {}, name)), h("ul", {}, ...rows), h("div", {}, lossWords(hiding)), h("div", { class: "g4-verdict-of" }, hiding.verdict));
}

/** The word whose attention is on show, for a heading. */
export function wordName(content, word) {
  return `attention of token ${word} ${quoted(content.tokens[word])}${saysWords(content, word)}`;
}
