// The panel "Two contexts": the chosen token beside another place of the same text, or a place of a second text.
import { h } from "./dom.js";
import { gridStep } from "./layer_grid_geometry.js";
import { precise } from "./numbers.js";
import { promptForm } from "./prompt_form.js";
import { chanceOf, chanceShared, contextRows, contextsOf, contextWords, nextSame } from "./routing_context_data.js";
import { quoted, tokenRail } from "./token_rail.js";

/** The panel; ask(message) asks the host to read a second text, pickLayer(l) hears of a click on a layer. */
export function contextsPanel({ ask, pickLayer, redraw }) {
  const words = h("p", { class: "g4-words", "aria-live": "polite" });
  const again = h("button", { type: "button", onclick: () => pick(nextSame(seen.second.tokens, seen.id, picked ?? seen.second.token ?? -1)) }, "Next same token");
  const same = h("button", { type: "button", onclick: () => same.getAttribute("aria-disabled") === "true" || ask({ kind: "compare", prompt: null }) }, "Same text");
  const form = promptForm(({ prompt }) => ask({ kind: "compare", prompt }), { label: "second text", verb: "Compare" });
  const title = h("span", { class: "g4-soft" });
  const rail = tokenRail({ hover: () => {}, pick: (token) => pick(token) });
  rail.list.setAttribute("aria-label", "tokens of the second context");
  rail.list.addEventListener("keydown", walk);
  const body = h("div", { class: "g4-part" });
  const element = h("div", { class: "g4-part" }, h("div", { class: "g4-controls" }, title, again, same, form.element), rail.element, words, body);
  let picked = null; // the place in the second context, or null for the one that suggests itself
  let seen = null;
  let shown = []; // what the table was made from
  let told = null; // the tokens in the rail

  function pick(token) {
    if (token === null) return;
    picked = token;
    redraw();
  }

  function walk(event) {
    const to = gridStep(event.key, { row: 0, column: picked ?? seen.second.token }, 1, seen.second.tokens.length);
    if (!to || to.column === null || event.key.endsWith("Up") || event.key.endsWith("Down")) return;
    event.preventDefault();
    event.stopPropagation(); // the first token stays where it is
    pick(to.column);
    rail.show(to.column, true);
    rail.reveal(to.column);
  }

  return {
    element,
    shown: () => ({ second: picked }),
    show(content, state, palette, busy) {
      const there = content.other?.tokens ?? content.tokens;
      if (told !== there) {
        [told, picked] = [there, null];
        rail.setTokens(there);
        form.fill(content.other?.prompt);
      }
      const contexts = contextsOf(content, state, picked);
      const { first, second } = contexts;
      seen = { ...contexts, id: content.tokens[first.token].id };
      title.textContent = content.other ? "second context: a token of another text" : "second context: another token of the same text";
      form.show(content, busy);
      const pressed = document.activeElement === same;
      same.hidden = !content.other || !content.live;
      if (pressed && same.hidden) again.focus(); // not to the notebook
      [again, same].forEach((button) => button.setAttribute("aria-disabled", String(busy)));
      rail.show(second.token, true);
      const key = [content, first.token, second.token, state.run, state.layer];
      if (key.every((part, i) => part === shown[i])) return;
      shown = key;
      if (second.token === null) {
        const nowhere = content.other ? "is not in the second text" : "does not come again";
        words.textContent = `${quoted(content.tokens[first.token])} (token ${first.token}) ${nowhere}: choose any token here${content.editable ? ", or type a second text that holds it" : ""}.`;
        return void body.replaceChildren();
      }
      const rows = contextRows(content, contexts);
      words.textContent = contextWords(content, contexts, rows);
      body.replaceChildren(contextTable(content, contexts, rows, state.layer, pickLayer));
    },
  };
}

function contextTable(content, { first, second }, rows, current, pickLayer) {
  const most = Math.max(...rows.flatMap((row) => [...row.first, ...row.second]).map(({ weight }) => weight)) || 1;
  const name = ({ tokens, token }) => `${quoted(tokens[token])}, token ${token}`;
  const heads = ["layer", "places: first above, second below", `first: ${name(first)}`, `second: ${name(second)}`, `shared of ${content.chosen} (chance: ${Number(chanceShared(content).toPrecision(3))})`, "as many by chance"];
  const line = (row, l) =>
    h(
      "tr",
      { class: l === current ? "g4-here" : "", onclick: () => pickLayer(l) },
      h("th", { scope: "row" }, `${l === current ? "▸ " : ""}${row.layer}`),
      h("td", { "aria-hidden": "true" }, places(row, content.experts, most)),
      h("td", {}, ...row.first.map(chip)),
      h("td", {}, ...row.second.map(chip)),
      h("td", {}, String(row.shared)),
      h("td", {}, chanceOf(row.chance)),
    );
  const table = h(
    "table",
    { class: "g4-contexts" },
    h("caption", {}, "◆ an expert that both have, ○ one that only this token has; behind it its effective weight"),
    h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, ...rows.map(line).toReversed()),
  );
  return h("div", { class: "g4-scrolled g4-tall", tabindex: "0", role: "region", "aria-label": "experts of both tokens, layer by layer" }, table);
}

function chip({ expert, weight, shared }) {
  const number = h("span", { class: "g4-soft" }, ` ${weight.toFixed(2)}`);
  return h("span", { class: `g4-chip${shared ? " g4-shared" : ""}`, title: `expert ${expert}, effective weight ${precise(weight)}${shared ? ", in both" : ""}` }, `${shared ? "◆" : "○"} ${expert}`, number);
}

// the experts as places: those of the first token stand up, those of the second hang down, a diamond where both are
function places(row, experts, most) {
  const element = h("span", { class: "g4-places" });
  const put = (name, { expert, weight }) => {
    const mark = h("i", { class: name });
    mark.style.left = `${experts === 1 ? 50 : (100 * expert) / (experts - 1)}%`;
    mark.style.height = `${Math.max(2, (9 * Math.abs(weight)) / most)}px`;
    element.append(mark);
  };
  row.first.forEach((pair) => put("g4-up", pair));
  row.second.forEach((pair) => put("g4-down", pair));
  for (const { expert, shared } of row.first) {
    if (!shared) continue;
    const diamond = h("b", {}, "◆");
    diamond.style.left = `${experts === 1 ? 50 : (100 * expert) / (experts - 1)}%`;
    element.append(diamond);
  }
  return element;
}
