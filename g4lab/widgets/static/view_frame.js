// What the smaller views share around their picture: badge, controls, status, sentence, table; theme, size and keys.
import { h, oncePerFrame, uniqueId } from "./dom.js";
import { foldedTable } from "./folded_table.js";
import { fileName, saveAs } from "./save_as.js";
import { readPalette, watchTheme } from "./theme.js";
import { statusLine } from "./status_line.js";

const OWN_KEYS = "textarea, select, input"; // these use the arrow keys themselves

/**
 * The frame of a view inside `root`. The view gives `paint(palette)`, which draws what is to be seen now, and
 * `onKey(key, element)`, which returns true for a key that it has used; `shown()`, what is selected; and
 * `still(shown, words)`, the host's promise of a picture of that.
 */
export function viewFrame(root, { name, paint, onKey, shown, still }) {
  const spoken = h("p", { class: "g4-sentence", "aria-live": "polite", id: uniqueId("sentence") });
  const badge = h("span", { class: "g4-badge" });
  const status = statusLine();
  const table = foldedTable();
  const save = saveAs({ name: () => fileName(badge.firstChild?.textContent ?? "g4lab", name), table: table.made, still: still && (() => still(shown(), spoken.textContent)) });
  let palette = null;

  const draw = oncePerFrame(() => {
    palette ??= readPalette(root);
    paint(palette);
  });
  const stopTheme = watchTheme(() => {
    palette = readPalette(root);
    draw();
  });
  const resize = new ResizeObserver(draw);

  function listen(event) {
    // no key may reach the notebook, where a single letter can delete a cell
    const modified = event.ctrlKey || event.metaKey || event.altKey;
    if (!modified) event.stopPropagation();
    if (modified || event.target.matches(OWN_KEYS)) return;
    if (onKey(event.key, event.target)) event.preventDefault();
  }

  return {
    spoken,
    badge,
    draw,
    showStatus(value) {
      status.show(value);
      root.setAttribute("aria-busy", String(value.state === "busy"));
    },
    /** Put the parts into the page, in the order given; the status follows the first, the sentence, table and files end it. */
    assemble(first, ...parts) {
      root.classList.add("g4lab", "g4-view", `g4-${name}`);
      root.replaceChildren(first, status.element, ...parts, spoken, table.element, save);
      root.querySelectorAll("button, select, input, textarea, summary, [tabindex]").forEach((e) => (e.dataset.lmSuppressShortcuts = "true"));
      root.addEventListener("keydown", listen);
      resize.observe(root);
    },
    setModel(model) {
      badge.replaceChildren(h("b", {}, model.name), ` · ${model.label}`);
    },
    say(text) {
      if (spoken.textContent !== text) spoken.textContent = text;
    },
    /** The table twin: a function that makes { caption, heads, rows }, called only while the table is open. */
    setTable: table.set,
    destroy() {
      stopTheme();
      resize.disconnect();
      draw.cancel();
      root.removeEventListener("keydown", listen);
      root.replaceChildren();
    },
  };
}

/** A control with its name in front of it. */
export function labelledControl(text, element, after = "") {
  return h("label", { class: "g4-labelled" }, h("span", { class: "g4-soft" }, text), element, after);
}

/** A tooltip inside `element`, which the pointer carries along. */
export function floatingTip(element) {
  const tip = h("div", { class: "g4-tip", "aria-hidden": "true", hidden: true });
  element.append(tip);
  return {
    show(lines, event) {
      tip.textContent = lines.join("\n");
      tip.hidden = false;
      const frame = element.getBoundingClientRect();
      const left = Math.min(event.clientX - frame.left + 14, frame.width - tip.offsetWidth);
      tip.style.left = `${Math.max(0, left)}px`;
      tip.style.top = `${event.clientY - frame.top + 16}px`;
    },
    hide: () => (tip.hidden = true),
  };
}

/** A whole number with its thousands apart: 4,096. */
export function grouped(number) {
  return String(number).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** A number of bytes in the unit that reads best, and exactly: "6 MiB". */
export function bytesInWords(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = bytes > 0 ? Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1) : 0;
  const value = bytes / 2 ** (10 * power);
  return `${Number.isInteger(value) ? value : value.toPrecision(4)} ${units[power]}`;
}

/** A count in millions or billions, for where the exact one stands elsewhere. */
export function shortCount(number) {
  const [size, unit] = [[1e9, "B"], [1e6, "M"], [1e3, "k"]].find(([least]) => number >= least) ?? [1, ""];
  return size === 1 ? String(number) : `${(number / size).toPrecision(3)} ${unit}`;
}
