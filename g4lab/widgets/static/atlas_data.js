// The numbers of SoftTokenAtlas, and what its sentence, tooltips and table say.
import { tokensInBox, TOKEN_SECONDS } from "./atlas_geometry.js";
import { precise, rough, withSign } from "./numbers.js";
import { asBytes, unpack } from "./pack.js";
import { quoted } from "./token_rail.js";

export const MEAN = "mean";
const URI_CHUNK = 8190; // bytes at a time, a multiple of 3

/** What the page was given. `rows` maps a token to what it reads, { form, data }. */
export function readAtlas({ header, arrays }) {
  const data = unpack(header.arrays, arrays);
  const tokens = header.tokens.length;
  const starts = header.layers.reduce((all, { heads }) => [...all, all.at(-1) + heads], [0]);
  const rows = new Map(header.held.map(({ token, form }) => [token, { form, data: data[`row.${token}`].data }]));
  const bound = (name, layer, token) => data[name].data[header.layers[layer].bounds * tokens + token];
  const first = (layer, token) => token - bound("before", layer, token);
  const end = (layer, token) => token + 1 + bound("after", layer, token);
  const k = data["lens.ids"]?.shape[2] ?? 0;
  const readable = data["lens.ids"]?.shape[1] ?? 0;
  const softIndex = new Int32Array(tokens).fill(-1); // which soft token of all a position is
  const partOf = new Int32Array(tokens).fill(-1);
  let count = 0;
  header.parts.forEach(({ start, end: stop }, index) => {
    for (let position = start; position < stop; position += 1) {
      softIndex[position] = count;
      partOf[position] = index;
      count += 1;
    }
  });
  return { ...header, data, starts, rows, first, end, k, readable, softIndex, partOf };
}

/** Take in a row that the kernel has sent. */
export function receiveRow(content, { token }, buffers) {
  content.rows.set(token, { form: "heads", data: new Float32Array(asBytes(buffers[0]).slice().buffer) });
}

/** The bytes of a file as an address that holds them. */
export function dataUri(type, bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += URI_CHUNK) text += btoa(String.fromCharCode(...bytes.subarray(at, at + URI_CHUNK)));
  return `data:${type};base64,${text}`;
}

/** What a word reads of every token in a layer and a head, or in the mean over its heads; null while it is not here. */
export function weightsOf(content, word, layer, head) {
  const found = content.rows.get(word);
  if (!found) return null;
  const tokens = content.tokens.length;
  const line = (index) => found.data.subarray(index * tokens, (index + 1) * tokens);
  if (found.form === "means") return head === MEAN ? line(layer) : null;
  if (head !== MEAN) return line(content.starts[layer] + head);
  const { heads } = content.layers[layer];
  const mean = new Float64Array(tokens);
  for (let each = 0; each < heads; each += 1) line(content.starts[layer] + each).forEach((value, t) => (mean[t] += value));
  return Float32Array.from(mean, (sum) => sum / heads);
}

/** What uniform attention over all that the word may read gives a token: 0 for one out of sight. */
export function uniformAt(content, word, layer, token) {
  const [first, end] = [content.first(layer, word), content.end(layer, word)];
  return token >= first && token < end ? 1 / (end - first) : 0;
}

/** How much a word's weights lie on a part: { weight, uniform, seen, ratio }. */
export function shareOf(content, word, layer, weights, { start, end }) {
  const [first, stop] = [content.first(layer, word), content.end(layer, word)];
  const seen = Math.max(0, Math.min(stop, end) - Math.max(first, start));
  let weight = 0;
  for (let t = start; t < end; t += 1) weight += weights[t];
  const uniform = seen / (stop - first);
  return { weight, uniform, seen, ratio: seen ? weight / uniform : null };
}

/** The token that a word's row says next, in words: the answer's where there is one. */
export function saysWords(content, word) {
  const next = content.tokens[word + 1];
  const inAnswer = content.answer && word + 1 >= content.answer[0] && word + 1 < content.answer[1];
  return next && inAnswer ? `, which says ${quoted(next)} of the answer` : "";
}

/** The number of the part's own soft token at a position. */
export function placeIn(part, position) {
  const u = position - part.start;
  return { u, row: Math.floor(u / part.columns), column: u % part.columns };
}

/** Where a soft token lies, in words: "row 0, column 2, pixels 96-143 across and 0-47 down", or the time in a sound. */
export function whereWords(content, part, position) {
  const { u, row, column } = placeIn(part, position);
  if (part.kind === "audio") {
    const loud = content.data[`loudness.${content.parts.indexOf(part)}`].data[u];
    const said = Number.isNaN(loud) ? "" : `, loudness (RMS) ${precise(loud)}`;
    return `${(u * TOKEN_SECONDS).toFixed(2)} to ${((u + 1) * TOKEN_SECONDS).toFixed(2)} s${said}`;
  }
  const span = (from) => `${from} to ${from + content.side - 1}`;
  return `row ${row}, column ${column}, pixels ${span(column * content.side)} across and ${span(row * content.side)} down`;
}

/** What a soft token is read as after a layer: { tokens: [{ id, probability }], null }, or null where there is no lens. */
export function readAs(content, position, layer) {
  const soft = content.softIndex[position];
  if (!content.lens || soft < 0 || soft >= content.readable) return null;
  const at = (layer + 1) * content.readable + soft;
  const tokens = Array.from({ length: content.k }, (_, i) => ({
    id: content.data["lens.ids"].data[at * content.k + i], probability: content.data["lens.probability"].data[at * content.k + i],
  }));
  return { tokens, null: content.data["lens.null"]?.data[at] ?? null };
}

export function pieceOf(content, id) {
  return quoted({ text: content.texts[id] ?? `#${id}`, kind: "text" });
}

/** How a layer's shuffled soft tokens are read: mean and largest top probability, and the real ones' mean. */
export function lensNull(content, layer) {
  const from = (layer + 1) * content.readable;
  const mean = (name, step) => {
    const { data } = content.data[name];
    let sum = 0;
    for (let i = 0; i < content.readable; i += 1) sum += data[(from + i) * step];
    return sum / content.readable;
  };
  return { real: mean("lens.probability", content.k), shuffled: content.data["lens.null"] ? mean("lens.null", 1) : null };
}

export function lensNullWords(content, layer) {
  const { real, shuffled } = lensNull(content, layer);
  const most = content.readable < content.softIndex.reduce((sum, soft) => sum + (soft >= 0), 0) ? `; the first ${content.readable} soft tokens are read` : "";
  const chance = content.vocabulary ? `, chance ${rough(1 / content.vocabulary)}` : "";
  return shuffled === null
    ? `top probability ${rough(real)} on average (the trace carries no null)${most}`
    : `top probability ${rough(real)} on average, of the same streams with shuffled coordinates ${rough(shuffled)}${chance}${most}`;
}

function layerName(content, layer, head) {
  const { kind, heads } = content.layers[layer];
  return `layer ${layer} (${kind}), ${head === MEAN ? `mean over ${heads} heads` : `head ${head}`}`;
}

function outWords(content, word, layer) {
  const { window } = content.layers[layer];
  const first = content.first(layer, word);
  return window === null ? "it comes later in the prompt" : `the layer's window of ${window} tokens begins at token ${first}`;
}

/** What is selected, in words. */
export function atlasSentence(content, state) {
  const { token, word, layer, head } = state;
  const part = token === null ? null : content.parts[content.partOf[token]];
  if (part) return softSentence(content, state, part, token);
  const weights = weightsOf(content, word, layer, head);
  const chosen = content.parts[state.part];
  const begin = token === null || token === word ? "" : `Token ${token}, ${quoted(content.tokens[token])}, is ${content.tokens[token].kind}. Pin it to see what it reads. `;
  const reader = `Token ${word}, ${quoted(content.tokens[word])}${saysWords(content, word)},`;
  if (!weights) return `${begin}${reader} is not held in this page${missingWords(content, word, head)}.`;
  const { weight, uniform, seen, ratio } = shareOf(content, word, layer, weights, chosen);
  if (!seen) return `${begin}${reader} cannot see ${chosen.name} in ${layerName(content, layer, head)}: ${outWords(content, word, layer)}.`;
  const some = seen < chosen.end - chosen.start ? `, of which it sees ${seen} of ${chosen.end - chosen.start} soft tokens` : "";
  return `${begin}${reader} puts ${precise(weight)} of its attention on ${chosen.name}${some}, in ${layerName(content, layer, head)}; uniform attention would put ${precise(uniform)} there (${rough(ratio)} times).`;
}

function missingWords(content, word, head) {
  if (content.live) return " yet";
  return content.rows.has(word) && head !== MEAN ? " head by head; choose the mean over heads, or run it with a kernel" : "; another word's attention needs a kernel";
}

function softSentence(content, state, part, token) {
  const { word, layer, head } = state;
  const begin = `Soft token ${token - part.start} of ${part.name}, position ${token}: ${whereWords(content, part, token)}. `;
  const weights = weightsOf(content, word, layer, head);
  const uniform = uniformAt(content, word, layer, token);
  const reader = `Token ${word}, ${quoted(content.tokens[word])}${saysWords(content, word)},`;
  let middle;
  if (!weights) middle = `${reader} is not held in this page${missingWords(content, word, head)}.`;
  else if (!uniform) middle = `${reader} cannot see it in ${layerName(content, layer, head)}: ${outWords(content, word, layer)}.`;
  else middle = `${reader} reads ${precise(weights[token])} of it in ${layerName(content, layer, head)}; uniform would be ${precise(uniform)} (${rough(weights[token] / uniform)} times).`;
  const found = readAs(content, token, layer);
  if (!found) return begin + middle;
  const [{ id, probability }] = found.tokens;
  const null_ = found.null === null ? "" : `; shuffled, the same stream has a top probability of ${precise(found.null)}`;
  return `${begin}${middle} After layer ${layer} it is read as ${pieceOf(content, id)} with ${precise(probability)}${null_}.`;
}

/** The lines of a soft token's tooltip. */
export function softLines(content, state, position) {
  const part = content.parts[content.partOf[position]];
  const lines = [`soft token ${position - part.start}, position ${position}`, whereWords(content, part, position)];
  const weights = weightsOf(content, state.word, state.layer, state.head);
  const uniform = uniformAt(content, state.word, state.layer, position);
  if (weights) lines.push(uniform ? `attention ${precise(weights[position])}, uniform ${precise(uniform)}` : "out of the word's sight");
  const found = readAs(content, position, state.layer);
  found?.tokens.forEach(({ id, probability }, i) => lines.push(`${i + 1}. ${pieceOf(content, id)} ${precise(probability)}`));
  if (found && found.null !== null) lines.push(`shuffled: ${precise(found.null)}`);
  return lines;
}

/** The table twin: each soft token of the part on show. */
export function atlasTable(content, state) {
  const part = content.parts[state.part];
  const weights = weightsOf(content, state.word, state.layer, state.head);
  const rows = Array.from({ length: part.end - part.start }, (_, u) => {
    const position = part.start + u;
    const place = placeIn(part, position);
    const uniform = uniformAt(content, state.word, state.layer, position);
    const found = readAs(content, position, state.layer);
    const [best] = found?.tokens ?? [];
    return [
      u, position, place.row, place.column, weights ? precise(weights[position]) : "–", precise(uniform),
      best ? pieceOf(content, best.id) : "–", best ? precise(best.probability) : "–", found && found.null !== null ? precise(found.null) : "–",
    ];
  });
  const caption = `${part.name}: what token ${state.word} reads in ${layerName(content, state.layer, state.head)}, and what each soft token is read as`;
  return { caption, heads: ["soft token", "position", "row", "column", "attention", "uniform", "read as", "its probability", "shuffled"], rows };
}

/** A region in words. */
export function boxWords(box, side) {
  if (!box) return "no region is chosen: drag a box on the picture, or hold Shift with the arrow keys";
  const [left, top, right, bottom] = box;
  const count = tokensInBox(box, side);
  return `${right - left} x ${bottom - top} pixels from (${left}, ${top}), in ${count} soft token${count === 1 ? "" : "s"}`;
}

/** The probabilities of the answer's tokens before and after hiding: [{ text, before, after, elsewhere }]. */
export function lossRows(content, { before, after, nulls }) {
  return before.map((log, i) => ({
    text: quoted(content.tokens[content.answer[0] + i]),
    before: Math.exp(log),
    after: Math.exp(after[i]),
    elsewhere: nulls.length ? nulls.reduce((sum, row) => sum + Math.exp(row[i]), 0) / nulls.length : null,
  }));
}

/** The loss of the whole answer in nats. */
export function lossWords({ before, after, nulls }) {
  const change = (row) => row.reduce((sum, value, i) => sum + value - before[i], 0);
  const elsewhere = nulls.length ? `, elsewhere ${nulls.map((row) => withSign(change(row))).join(", ")}` : "";
  return `Δ log-probability of the answer ${withSign(change(after))}${elsewhere}`;
}

/** The bar of tokens by modality: [{ kind, count, share }], those that are there. */
export function budgetRows({ counts }) {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return Object.entries(counts).filter(([, count]) => count).map(([kind, count]) => ({ kind, count, share: count / total }));
}
