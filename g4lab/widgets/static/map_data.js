// What ArchitectureMap says about a layer or about the whole: sums of the plan's own numbers, and sentences.
import { bytesInWords, grouped } from "./view_frame.js";

/** The order in which parts are stacked and listed. */
export const MAP_PARTS = ["token embedding", "PLE table", "attention", "dense MLP", "router", "experts", "PLE projections", "norms"];

const FEW = 8; // so many indices are written out; more of them become "… to …"

/** Bytes in one layer's cache after `tokens` tokens. */
export function cachedBytes(layer, tokens) {
  return layer.cache_per_token * Math.min(tokens, layer.window ?? tokens);
}

/** Bytes in the caches of some layers, and what they would be if each owned its keys and values and kept them all. */
export function cacheOf(layers, tokens) {
  const sum = (bytes) => layers.reduce((total, layer) => total + bytes(layer), 0);
  return { bytes: sum((layer) => cachedBytes(layer, tokens)), alone: sum((layer) => layer.alone_per_token * tokens) };
}

/** All parameters in a dict of them by part. */
export function summed(parts) {
  return Object.values(parts).reduce((total, count) => total + count, 0);
}

/** Parameters by part of one layer, or of the whole when `layer` is null, in the order of MAP_PARTS. */
export function partsOf(content, layer) {
  const counts = layer === null ? content.parameters : content.layers[layer].parameters;
  return MAP_PARTS.filter((part) => counts[part]).map((part) => ({ part, count: counts[part] }));
}

/** Indices in words: "19, 24, 29". */
export function listed(indices) {
  if (indices.length <= FEW) return indices.join(", ");
  return `${indices.slice(0, 3).join(", ")} … ${indices.at(-1)} (${indices.length} layers)`;
}

/** Whose keys and values a layer reads, in words. */
export function sharing(layer) {
  if (layer.borrows) return `borrows K/V from layer ${layer.owner}`;
  return layer.borrowers.length ? `owns K/V and lends them to ${listed(layer.borrowers)}` : "owns K/V, lends them to none";
}

/** A layer's lines in the tooltip, with exact numbers. */
export function layerLines(layer, tokens) {
  const lines = [
    `layer ${layer.index}: ${sight(layer)}`,
    `${heads(layer)}`,
    `${sharing(layer)}${layer.key_is_value ? "; one projection for K and V" : ""}`,
    `dense MLP width ${grouped(layer.feedforward)}`,
  ];
  if (layer.experts) lines.push(`${layer.experts} experts of width ${grouped(layer.expert_feedforward)}, ${layer.chosen} read a token`);
  if (layer.ple_dim) lines.push(`PLE of ${layer.ple_dim}`);
  lines.push(`${grouped(summed(layer.parameters))} parameters`);
  lines.push(`cache at ${grouped(tokens)} tokens: ${grouped(cachedBytes(layer, tokens))} bytes`);
  return lines;
}

/** A part's lines in the tooltip. */
export function partLines(content, layer, part) {
  const count = (layer === null ? content.parameters : content.layers[layer].parameters)[part];
  const { formula, file } = content.parts[part];
  return [`${part}: ${grouped(count)} parameters`, formula, `g4lab/models/${file}`];
}

/** What is selected, in words. */
export function mapSentence(content, { layer, part, tokens }) {
  if (part !== null) return partSentence(content, layer, part);
  if (layer === null) return wholeSentence(content, tokens);
  const row = content.layers[layer];
  const experts = row.experts ? `, beside ${row.experts} experts of which ${row.chosen} read a token (${grouped(row.active_experts)} parameters)` : "";
  const cache = row.borrows
    ? `It adds nothing to the cache; with K/V of its own for every token it would add ${bytesInWords(row.alone_per_token * tokens)}`
    : `Its cache costs ${grouped(row.cache_per_token)} bytes a token, ${bytesInWords(cachedBytes(row, tokens))} at ${grouped(tokens)} tokens`;
  return (
    `Layer ${row.index}: ${sight(row)}; ${heads(row)}; dense MLP width ${grouped(row.feedforward)}${experts}. ` +
    `It ${sharing(row)}. ${grouped(summed(row.parameters))} parameters. ${cache}.`
  );
}

function wholeSentence(content, tokens) {
  const { layers, config } = content;
  const local = layers.filter((layer) => layer.kind === "local").length;
  const borrowers = config.shared_layers ? ` The last ${config.shared_layers} borrow K/V.` : " No layer borrows K/V.";
  const { bytes, alone } = cacheOf(layers, tokens);
  return (
    `${layers.length} layers of width ${grouped(config.width)}: ${local} local with a window of ${grouped(config.window)}, ` +
    `${layers.length - local} global.${borrowers} ${grouped(summed(content.parameters))} parameters. ` +
    `At ${grouped(tokens)} tokens the cache holds ${bytesInWords(bytes)}; if every layer kept K/V of its own for every token, ` +
    `${bytesInWords(alone)}, ${(alone / bytes).toPrecision(3)} times as much.`
  );
}

function partSentence(content, layer, part) {
  const counts = layer === null ? content.parameters : content.layers[layer].parameters;
  const whole = summed(counts);
  const where = layer === null ? "of the whole model" : `of layer ${layer}`;
  const { formula, file } = content.parts[part];
  const share = ((100 * counts[part]) / whole).toPrecision(3);
  return `${capital(part)}: ${grouped(counts[part])} parameters, ${share} % ${where}. It computes ${formula}; see g4lab/models/${file}.`;
}

function sight(layer) {
  return layer.kind === "local" ? `local, a token sees ${grouped(layer.window)} tokens, itself included` : "global, a token sees all before it";
}

function heads(layer) {
  const plural = layer.kv_heads === 1 ? "" : "s";
  return `${layer.heads} query heads on ${layer.kv_heads} K/V head${plural} of ${layer.head_dim}`;
}

function capital(text) {
  return text[0].toUpperCase() + text.slice(1);
}
