// The numbers of AttentionExplorer: packed heads, scores with their nulls, and what its words say.
import { rowOffsets, thumbCell } from "./attention_geometry.js";
import { exactRow, headOfFactors, headOfSteps, headOfWeights } from "./attention_rows.js";
import { rough, withSign } from "./numbers.js";
import { asBytes, unpack } from "./pack.js";
import { quoted } from "./token_rail.js";

const SHOWN_KEYS = 24; // lines of the head view; more of them could not be told apart
const ARRIVING = { uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array, float64: Float64Array };

/** What the page was given. `heads` maps "layer.head" to the rows that are at hand, `lengths` to how long its values are. */
export function readAttention({ header, arrays }) {
  const unpacked = unpack(header.arrays, arrays);
  const tokens = header.tokens.length;
  const rowsOf = (name, kind) => unpacked[name].data.subarray(kind * tokens, (kind + 1) * tokens);
  const kinds = Array.from({ length: unpacked.before.shape[0] }, (_, kind) => {
    const first = Int32Array.from(rowsOf("before", kind), (keys, t) => t - keys);
    const end = Int32Array.from(rowsOf("after", kind), (keys, t) => t + 1 + keys);
    return { first, end, offsets: rowOffsets(first, end) };
  });
  const cells = unpacked.thumbs.shape[1];
  const starts = header.layers.reduce((all, { heads }) => [...all, all.at(-1) + heads], [0]);
  const thumb = (layer, head) => unpacked.thumbs.data.subarray((starts[layer] + head) * cells * cells, (starts[layer] + head + 1) * cells * cells);
  const scores = header.scores.map((score, i) => {
    const { data, shape } = unpacked[`score.${i}`];
    return { ...score, value: (layer, head) => data[layer * shape[1] + head] };
  });
  const [heads, lengths] = [new Map(), new Map()];
  header.held.forEach(({ layer, head, form, start }) => {
    const { owner, heads: count, kv_heads } = header.layers[layer];
    const array = (name) => unpacked[name].data;
    const factors = () => headOfFactors(array(`q.${layer}.${head}`), array(`k.${owner}.${Math.floor(head / (count / kv_heads))}`), tokens, start);
    heads.set(`${layer}.${head}`, form === "weights" ? headOfWeights(array(`head.${layer}.${head}`), start) : factors());
    if (header.by_value) lengths.set(`${layer}.${head}`, array(`lengths.${layer}.${head}`));
  });
  return { ...header, bounds: header.layers.map(({ bounds }) => kinds[bounds]), cells, thumb, scores, heads, lengths, count: starts.at(-1) };
}

/** Take in a head or a row that the kernel has sent. */
export function receiveAttention(content, message, buffers) {
  const key = `${message.layer}.${message.head}`;
  const typed = (type, i) => new ARRIVING[type](asBytes(buffers[i]).slice().buffer);
  if (message.kind === "head") {
    const arrays = message.types.map(typed);
    const made = { weights: headOfWeights, steps: headOfSteps, factors: (q, k) => headOfFactors(q, k, content.tokens.length) };
    content.heads.set(key, message.form === "factors" ? made.factors(...arrays) : made[message.form](arrays[0]));
    if (message.lengths) content.lengths.set(key, arrays.at(-1));
  }
  if (message.kind === "row") content.heads.get(key)?.rows.set(message.token, typed("float32", 0));
}

/**
 * What one query reads in one head, or null while that is not at hand:
 * { first, values, uniform(i), exact }, of the keys from `first` on.
 *
 * `mode` "weight" gives the weights; "value" each weight times the length of its value, of the row's sum. The null of
 * a row is what uniform weights would give.
 */
export function rowOf(content, { layer, head, mode }, query) {
  const found = content.heads.get(`${layer}.${head}`);
  if (!found || query < found.from) return null;
  const bounds = content.bounds[layer];
  const [first, count] = [bounds.first[query], keysSeen(content, layer, query)];
  const row = exactRow(found, bounds, query);
  const values = row ?? Float32Array.from(found.data.subarray(bounds.offsets[query], bounds.offsets[query] + count), (step) => (step / 255) ** 2);
  if (mode !== "value") return { first, values, uniform: () => 1 / count, exact: row !== null };
  const lengths = content.lengths.get(`${layer}.${head}`)?.subarray(first, first + count);
  return lengths ? { first, ...byValue(values, lengths), exact: row !== null } : null;
}

function byValue(weights, lengths) {
  let [total, all] = [0, 0];
  weights.forEach((weight, i) => {
    total += weight * lengths[i];
    all += lengths[i];
  });
  const share = (part, whole) => (whole > 0 ? part / whole : 0);
  return { values: Float32Array.from(weights, (weight, i) => share(weight * lengths[i], total)), uniform: (i) => Math.fround(share(lengths[i], all)) };
}

/**
 * The number of a pair: { value, uniform, exact, visible }; null while nothing of the head is at hand. Of a row that
 * is not, `cell` is true and the value the largest weight in the cell of the thumbnail.
 */
export function pairOf(content, view, query, key) {
  const { layer, head, mode } = view;
  const { first, end } = content.bounds[layer];
  if (!content.heads.has(`${layer}.${head}`)) return null;
  if (key < first[query] || key >= end[query]) return { value: 0, uniform: 0, exact: true, visible: false };
  const row = rowOf(content, view, query);
  if (row) return { value: row.values[key - first[query]], uniform: row.uniform(key - first[query]), exact: row.exact, visible: true };
  const { cells, tokens } = content;
  const at = thumbCell(query, tokens.length, cells) * cells + thumbCell(key, tokens.length, cells);
  return { value: mode === "value" ? NaN : (content.thumb(layer, head)[at] / 255) ** 2, uniform: 1 / keysSeen(content, layer, query), exact: false, visible: true, cell: true };
}

/** How many keys a query sees. */
export function keysSeen(content, layer, query) {
  return content.bounds[layer].end[query] - content.bounds[layer].first[query];
}

/** The heaviest keys of a query in the order of the text, and the sum of the others; null while the row is not at hand. */
export function headLines(content, view, query, most = SHOWN_KEYS) {
  const row = rowOf(content, view, query);
  if (!row) return null;
  const all = Array.from(row.values, (weight, i) => ({ key: row.first + i, weight, uniform: row.uniform(i) }));
  const chosen = all.toSorted((a, b) => b.weight - a.weight).slice(0, most);
  const rest = all.length - chosen.length;
  const sum = chosen.reduce((total, { weight }) => total + weight, 0);
  return { lines: chosen.toSorted((a, b) => a.key - b.key), rest, restWeight: rest ? Math.max(0, 1 - sum) : 0 };
}

/** Heads by one score, the highest or lowest first; heads whose layer could not answer are left out. */
export function rankedHeads(content, name, lowest = false) {
  const score = content.scores.find((s) => s.name === name);
  if (!score) return [];
  const found = content.layers.flatMap(({ heads }, layer) => Array.from({ length: heads }, (_, head) => ({
    layer, head, value: score.value(layer, head), null: score.nulls[layer], rows: score.rows[layer],
  })));
  return found.filter(({ value }) => Number.isFinite(value)).sort((a, b) => (lowest ? a.value - b.value : b.value - a.value));
}

/** Whether a head is cut. */
export function isCut(content, layer, head) {
  return content.cuts.some(([l, h]) => l === layer && h === head);
}

/** The names of the cuts, whole layers by themselves. */
export function cutNames(content) {
  return content.layers.flatMap(({ heads }, layer) => {
    const cut = content.cuts.filter(([l]) => l === layer).map(([, head]) => head);
    return cut.length === heads ? [`all heads of L${layer} cut`] : cut.map((head) => `L${layer}·H${head} cut`);
  }).join(", ");
}

/** What can be seen at full size here, and what cannot. */
export function heldWords(content) {
  const { heads, count, live, tokens } = content;
  if (live && heads.size === count) return `all ${count} heads are here at full size`;
  if (live) return `${heads.size} of ${count} heads are here at full size; the kernel sends the others when they are chosen`;
  const names = [...heads].filter(([, { from }]) => from > 0).map(([key, { from }]) => `${nameOfKey(key)} only in the rows of tokens ${from} to ${tokens.length - 1}`);
  const part = names.length ? ` (${names.join("; ")})` : "";
  const rest = "the others as thumbnails: their full size needs a kernel";
  const held = heads.size === count ? `all ${count} heads are held at full size${part}` : `${heads.size} of ${count} heads are held at full size, marked ▪ in the finder${part}; ${rest}`;
  return `This page: ${held}. Held numbers are exact. Cutting a head and reading another prompt need a kernel.`;
}

function nameOfKey(key) {
  return key.replace(/(\d+)\.(\d+)/, "L$1·H$2");
}

/** Why a row is not shown, or "" where it is. */
export function missingRow(content, { layer, head }, query) {
  const found = content.heads.get(`${layer}.${head}`);
  if (!found) return content.live ? "its full size is being fetched" : "its full size needs a kernel";
  return query < found.from ? `this page holds the rows from token ${found.from} on; the row of token ${query} needs a kernel` : "";
}

/** A head named with its layer, reach and K/V. */
export function headName(content, layer, head) {
  const { kind, window, owner, index, heads, kv_heads } = content.layers[layer];
  const reach = window === null ? kind : `${kind}, window ${window}`;
  const lender = owner === index ? "" : ` borrowed from layer ${owner}`;
  return `head ${head} of layer ${layer} (${reach}; K/V head ${Math.floor(head / (heads / kv_heads))}${lender})`;
}

/** The lines of a thumbnail's tooltip: every score exactly, each with its null. */
export function headTip(content, layer, head) {
  const lines = content.scores.map(({ name, value, nulls }) => {
    const found = value(layer, head);
    return Number.isFinite(found) ? `${name}: ${exactly(found)} (uniform ${exactly(nulls[layer])})` : `${name}: no row can answer`;
  });
  return [headName(content, layer, head), ...lines, ...(isCut(content, layer, head) ? ["cut in the second run"] : [])];
}

/** The lines of a pair's tooltip. */
export function pairTip(content, view, query, key) {
  const { layer, mode } = view;
  const found = pairOf(content, view, query, key);
  const names = `${query} ${quoted(content.tokens[query])} reads ${key} ${quoted(content.tokens[key])}`;
  if (!found.visible) return [names, key > query ? "not visible: it comes later" : "not visible: outside the window"];
  if (found.cell) return [names, ...(mode === "value" ? [] : [`largest weight in this cell: ≈ ${rough(found.value)}`]), missingRow(content, view, query)];
  const value = found.exact ? exactly(found.value) : `≈ ${rough(found.value)}, exact value on its way`;
  const over = `over ${keysSeen(content, layer, query)} keys: ${exactly(found.uniform)}`;
  if (mode === "value") return [names, `weight × value: ${value} of its row`, `uniform weights × value ${over}`];
  return [names, `weight: ${value}`, `uniform ${over}`];
}

/** What is selected, in words. */
export function attentionSentence(content, state) {
  const { layer, head, token, key, metric, mode } = state;
  const name = headName(content, layer, head);
  const start = `${name[0].toUpperCase()}${name.slice(1)}`;
  const cut = content.cuts.length && content.next?.change !== null ? ` With ${cutNames(content)}, the favourite's log-probability moves by ${withSign(content.next.change)}.` : "";
  if (token === null) return `${start}: ${scoreWords(content, layer, head, metric)}.${cut}`;
  const query = quoted(content.tokens[token]);
  const missing = missingRow(content, state, token);
  if (missing) return `${start}: ${missing}; ${scoreWords(content, layer, head, metric)}.${cut}`;
  const seen = keysSeen(content, layer, token);
  const part = mode === "value" ? "what it adds, by weight times length of value" : "its attention";
  const chance = (uniform) => (mode === "value" ? `with uniform weights it would be ${rough(uniform)}` : `uniform would be ${rough(uniform)}`);
  if (key !== null) {
    const found = pairOf(content, state, token, key);
    const to = `${key} ${quoted(content.tokens[key])}`;
    if (!found.visible) return `${start}: token ${token} ${query} gives nothing to ${to}, which it cannot see.${cut}`;
    return `${start}: token ${token} ${query} gives ${found.exact ? "" : "about "}${rough(found.value)} of ${part} to ${to}; ${chance(found.uniform)}.${cut}`;
  }
  const [most] = headLines(content, state, token, 1).lines;
  const over = mode === "value" ? chance(most.uniform) : `uniform over ${seen} keys would be ${rough(1 / seen)}`;
  return `${start}: token ${token} ${query} reads ${most.key} ${quoted(content.tokens[most.key])} most, ${rough(most.weight)} of ${part}; ${over}.${cut}`;
}

function scoreWords(content, layer, head, name) {
  const score = content.scores.find((s) => s.name === name);
  const value = score?.value(layer, head);
  if (!Number.isFinite(value)) return `${name} has no answer here: no row sees what it asks for`;
  return `${name} ${rough(value)} over ${score.rows[layer]} rows; a head with uniform rows scores ${rough(score.nulls[layer])}${tooFew(content, score.rows[layer])}`;
}

/** What a score of few rows is worth. */
export function tooFew(content, rows) {
  return rows < content.least ? `; ${rows} rows are too few for a claim, which takes ${content.least}` : "";
}

/** The table twin: the keys of one query, or all heads by the chosen score. */
export function attentionTable(content, state) {
  const { layer, head, token, metric, lowest, mode } = state;
  const row = token === null ? null : rowOf(content, state, token);
  if (row) {
    const about = row.exact ? "" : "≈ ";
    const rows = Array.from(row.values, (value, i) => [row.first + i, quoted(content.tokens[row.first + i]), about + exactly(value), exactly(row.uniform(i))]);
    const what = mode === "value" ? ["weight × value", "uniform × value"] : ["weight", "uniform"];
    return { caption: `What token ${token} reads in ${headName(content, layer, head)}`, heads: ["key", "token", ...what], rows };
  }
  const rows = rankedHeads(content, metric, lowest).map((r) => [r.layer, r.head, exactly(r.value), exactly(r.null), r.rows]);
  return { caption: `Heads by ${metric}`, heads: ["layer", "head", metric, "uniform", "rows"], rows };
}

/** The fewest digits that name a number and no other: of single precision, where the model computes, or of double. */
export function exactly(value) {
  if (Math.fround(value) !== value) return String(value);
  for (let digits = 6; digits < 9; digits += 1) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return String(Number(text));
  }
  return String(Number(value.toPrecision(9)));
}
