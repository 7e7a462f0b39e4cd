// The numbers of PerLayerEmbeddings, and what its sentence, tooltips and table say.
import { precise } from "./numbers.js";
import { unpack } from "./pack.js";
import { quoted } from "./token_rail.js";

/** What the page was given, with each array as a function of row and token. */
export function readPle({ header, arrays }) {
  const unpacked = unpack(header.arrays, arrays);
  const columns = header.tokens.length;
  const of = (name) => unpacked[name] && ((row, token) => unpacked[name].data[row * columns + token]);
  const grids = Object.fromEntries(["ratio", "added", "stream", "null_mean", "null_low", "null_high"].map((name) => [name, of(name)]));
  const most = ["ratio", "null_mean"].flatMap((name) => [...(unpacked[name]?.data ?? [])]).reduce((a, b) => Math.max(a, b), 0);
  return { ...header, ...grids, most: most || 1, hasNull: Boolean(grids.null_mean) };
}

/** A layer's mean over the tokens that are not control tokens; of all of them where there are no others. */
export function layerMean(content, name, row) {
  const text = content.tokens.flatMap(({ kind }, token) => (kind === "control" ? [] : [token]));
  const counted = text.length ? text : content.tokens.map((_, token) => token);
  return counted.reduce((sum, token) => sum + content[name](row, token), 0) / counted.length;
}

/** The lines of a cell's tooltip. */
export function pleCellLines(content, row, token) {
  const lines = [
    `layer ${content.layers[row].index}, token ${token} ${quoted(content.tokens[token])}`,
    `PLE adds: ${precise(content.added(row, token))}`,
    `stream before it: ${precise(content.stream(row, token))}`,
    `ratio: ${precise(content.ratio(row, token))}`,
  ];
  if (content.hasNull) lines.push(`shuffled: ${precise(content.null_mean(row, token))}, ${nullRange(content, row, token)}`);
  return lines;
}

/** The lines of a layer's tooltip. */
export function pleLayerLines(content, row) {
  const { index, kind } = content.layers[row];
  const lines = [`layer ${index}, ${kind}`, `mean ratio: ${precise(layerMean(content, "ratio", row))}`];
  return content.hasNull ? [...lines, `shuffled: ${precise(layerMean(content, "null_mean", row))}`] : lines;
}

/** What is selected, in words. */
export function pleSentence(content, { row, token }) {
  const { index } = content.layers[row];
  const off = content.off.length ? ` PLE is switched off at layer${content.off.length > 1 ? "s" : ""} ${content.off.join(", ")} in the second run.` : "";
  if (token === null) {
    const mean = layerMean(content, "ratio", row).toPrecision(3);
    const chance = content.hasNull ? `; with the same tokens shuffled, ${layerMean(content, "null_mean", row).toPrecision(3)}` : `; ${content.no_null}`;
    return `At layer ${index} PLE adds to a token a vector ${mean} times as long as its residual stream, on the mean${chance}.${off}`;
  }
  const ratio = content.ratio(row, token);
  const [added, stream] = [content.added(row, token), content.stream(row, token)].map((x) => x.toPrecision(3));
  const chance = content.hasNull
    ? `; with the same tokens shuffled it is ${content.null_mean(row, token).toPrecision(3)} (${nullRange(content, row, token)})`
    : `; ${content.no_null}`;
  return `At layer ${index} PLE adds to ${quoted(content.tokens[token])} a vector ${ratio.toPrecision(3)} times as long as its residual stream (${added} on ${stream})${chance}.${off}`;
}

/** The table twin: the layers of one token, or the mean of each layer. */
export function pleTable(content, { token }) {
  const of = (name, row) => precise(token === null ? layerMean(content, name, row) : content[name](row, token));
  const names = [["ratio", "ratio"], ["added", "PLE adds"], ["stream", "stream before it"], ...(content.hasNull ? [["null_mean", "ratio, shuffled"]] : [])];
  return {
    caption: token === null ? "Means over the tokens" : `Token ${token}, ${quoted(content.tokens[token])}`,
    heads: ["layer", "kind", ...names.map(([, head]) => head)],
    rows: content.layers.map(({ index, kind }, row) => [index, kind, ...names.map(([name]) => of(name, row))]).toReversed(),
  };
}

function nullRange(content, row, token) {
  return `${content.null_low(row, token).toPrecision(3)} to ${content.null_high(row, token).toPrecision(3)} in ${content.shuffles} shuffles`;
}
