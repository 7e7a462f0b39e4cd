// RoutingExplorer in words: the sentence below the picture, and the lines at the pointer.
import { busiest, unused } from "./routing_data.js";
import { quoted } from "./token_rail.js";

/** A number for a sentence: two digits that matter, a real minus sign. */
export function short(value) {
  return value.toPrecision(2).replace(/^0\.0+$/, "0").replace("-", "−");
}

/** A signed difference for a sentence. */
export function signed(value) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}

/** All digits of a number that travelled whole, "≈" before one that was rounded on the way. */
export function exact(value, whole) {
  return whole || value === 0 ? String(Number(value.toPrecision(7))) : `≈ ${Number(value.toPrecision(3))}`;
}

/** A change of the router or of a branch, as in "L4·E17 off" and "L4 dense off". */
export function changeName({ action, layer, expert, other, branch }) {
  if (action === "branch") return `L${layer} ${branch} off`;
  if (action === "swap") return `L${layer}·E${expert} ⇄ E${other}`;
  return `L${layer}·E${expert} ${action === "off" ? "off" : "forced"}`;
}

/** "3.1 x its chance share", and whether so few tokens allow to call that a habit, unless that has been said. */
export function loadWords(content, run, l, e, said = false) {
  const { tokens, load, needed } = content.null;
  const count = run.count(l, e);
  const ratio = tokens ? `, ${short(count / (tokens * load))} x its chance share` : "";
  return `reads ${count} of ${tokens} tokens${ratio}${tokens < needed && !said ? ` (under ${needed} tokens no load counts as a habit)` : ""}`;
}

/** The sentence that says in words what is selected. */
export function sentence(content, state) {
  const run = content.runs[state.run];
  const layer = content.layers[state.layer].index;
  if (state.swap !== null)
    return `Choose the expert of layer ${content.layers[state.swap.layer].index} to exchange with ${state.swap.expert}: click it, or move to it and press Enter. Esc lets go.`;
  const chosen = state.expert !== null;
  const about = chosen ? [`Expert ${state.expert} of layer ${layer} ${loadWords(content, run, state.layer, state.expert)}.`] : [];
  // what a key has just changed comes first: it is read aloud at every step
  const parts = state.token === null ? [...about, aboutLayer(content, run, state.layer, chosen)] : [aboutToken(content, run, state), ...about];
  if (content.next?.change != null) {
    const names = content.changes.map(changeName).join(", ");
    parts.push(`With ${names} the log-probability of ${quoted({ text: content.next.favourite })} changes by ${signed(content.next.change)}.`);
  }
  return parts.join(" ");
}

function aboutToken(content, run, { layer: l, token: t }) {
  const pairs = run.chosen(l, t).map(({ expert, weight }) => `${expert} (${weight.toFixed(2)})`);
  const listed = [pairs.slice(0, -1).join(", "), pairs.at(-1)].filter(Boolean).join(" and ");
  const most = Math.log2(content.experts);
  const entropy = `${run.entropy(l, t).toFixed(1)} of ${Number(most.toFixed(1))} bits`;
  const noun = content.chosen === 1 ? "expert" : "experts";
  return `At layer ${content.layers[l].index} ${quoted(content.tokens[t])} goes to ${noun} ${listed}; the router's entropy is ${entropy}.`;
}

function aboutLayer(content, run, l, said) {
  const { tokens, high, unused: share } = content.null;
  const expert = busiest(content, run, l);
  const idle = `${unused(content, run, l)} of ${content.experts} experts read none (chance leaves ${(share * content.experts).toFixed(1)})`;
  return `Layer ${content.layers[l].index}, ${tokens} tokens: expert ${expert} ${loadWords(content, run, l, expert, said)}; chance alone gives the busiest up to ${high}. ${idle}.`;
}

/** The lines at the pointer for one cell. */
export function cellLines(content, state, grid, row, column) {
  const run = content.runs[state.run];
  const { layer: l } = grid.rows[row];
  const [t, e] = [grid.token(row, column), grid.expert(row, column)];
  const where = `layer ${content.layers[l].index}`;
  if (e === null)
    return [`${where} · ${quoted(content.tokens[t])}`, `router entropy ${exact(run.entropy(l, t), content.exact)} bits`];
  const value = grid.value(row, column);
  const number = state.show === "prob" ? "probability" : "effective weight";
  const name = t === null ? `mean ${number}` : `${number} for ${quoted(content.tokens[t])}`;
  // the means travel whole even where the rest does not
  const text = value === null ? "not in this page" : exact(value, content.exact || t === null);
  return [`${where} · expert ${e}`, `${name}: ${text}`, loadWords(content, run, l, e), ...changesOf(content, l, e)];
}

/** The lines at the pointer for a layer's name. */
export function layerLines(content, l) {
  const { index, kind, window, owner } = content.layers[l];
  const sees = kind === "global" ? "global: sees everything before" : `local: sees ${window} tokens`;
  return [`layer ${index}`, sees, ...(owner === index ? [] : [`borrows keys and values from layer ${owner}`])];
}

function changesOf(content, l, e) {
  const layer = content.layers[l].index;
  return content.changes.filter((c) => c.layer === layer && [c.expert, c.other].includes(e)).map(changeName);
}
