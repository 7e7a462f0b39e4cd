// The likeliest tokens of one cell of the lens, and the target wherever it stands.
import { h } from "./dom.js";
import { baselineWords, named, TARGET_WORDS } from "./lens_data.js";
import { precise } from "./numbers.js";

/** The panel. */
export function lensTop() {
  const title = h("div", { class: "g4-title" });
  const list = h("ol", { class: "g4-top" });
  const base = h("p", { class: "g4-soft" });
  const element = h("div", {}, title, list, base);
  return {
    element,
    show(content, { row, token, target }) {
      const column = token === null ? -1 : token - content.start;
      if (column < 0) {
        title.textContent = "top tokens: choose a cell";
        base.textContent = "";
        return list.replaceChildren();
      }
      const chosen = content.targets[target];
      const top = content.top(row, column).map((entry, i) => ({ ...entry, rank: i + 1 }));
      const wanted = chosen.has(column) ? { id: chosen.id(column), probability: chosen.probability(row, column), rank: chosen.rank(row, column) } : null;
      const rows = wanted && !top.some(({ id }) => id === wanted.id) ? [...top, wanted] : top;
      title.textContent = `top tokens, read out at ${content.rows[row].name}`;
      list.replaceChildren(...rows.map((entry) => topLine(content, entry, entry.id === wanted?.id ? TARGET_WORDS[target] : "")));
      base.textContent = wanted ? `${TARGET_WORDS[target]}: ${baselineWords(content, target, column)}` : "";
    },
  };
}

function topLine(content, { id, probability, rank }, mark) {
  const filled = h("i");
  filled.style.width = `${100 * probability}%`;
  return h(
    "li",
    mark ? { class: "g4-target-row" } : {},
    h("span", { class: "g4-rank" }, String(rank)),
    h("span", { class: "g4-piece", title: mark }, `${mark ? "◆ " : ""}${named(content, id)}`),
    h("span", { class: "g4-track", "aria-hidden": "true" }, filled),
    h("span", { class: "g4-number" }, precise(probability)),
  );
}
