// TokenStrip's tokens as they arrive, and what is said about them.
import { unpack } from "./pack.js";
import { quoted } from "./token_rail.js";

/** The strip: tokens with their bytes, blocks, and scores whose values are exact. */
export function readStrip({ header, arrays }) {
  const { id, piece, kind, byte_end, bytes, ...rest } = unpack(header.arrays, arrays);
  const tokens = Array.from(id.data, (number, index) => {
    const from = index ? byte_end.data[index - 1] : 0;
    const raw = bytes.data.slice(from, byte_end.data[index]);
    const sort = header.kinds[kind.data[index]];
    const text = header.texts[piece.data[index]];
    return { id: number, text: sort === "byte" ? `0x${hex(raw)}` : text, kind: sort, bytes: raw };
  });
  const scores = header.scores.map((score, i) => ({ ...score, values: rest[`score.${i}`].data }));
  return { ...header, tokens, scores };
}

/** Bytes as pairs of hexadecimal digits. */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(" ");
}

/** The blocks that a token stands in, from the outside in. */
export function blocksAround(content, index) {
  return content.blocks.filter(({ start, end }) => start <= index && index < end);
}

/** The character that a byte piece is part of, as { place, size, text }, or null. */
export function characterOf(content, index) {
  const found = content.characters.find(([start, end]) => start <= index && index < end);
  return found ? { place: index - found[0] + 1, size: found[1] - found[0], text: found[2] } : null;
}

/** A score's value with its unit, all digits; or that there is none. */
export function scoreText(score, index) {
  const value = score.values[index];
  return `${score.name}: ${Number.isNaN(value) ? "none" : `${value} ${score.unit}`.trim()}`;
}

/** A token's lines in the tooltip. */
export function tokenLines(content, index) {
  const token = content.tokens[index];
  const character = characterOf(content, index);
  const around = blocksAround(content, index).map(({ label }) => label);
  return [
    `token ${index}: ${quoted(token)}, ${token.kind}`,
    `id ${token.id}`,
    token.bytes.length ? `bytes ${hex(token.bytes)}` : "no bytes",
    ...(character ? [`byte ${character.place} of ${character.size} of “${character.text}”`] : []),
    ...(around.length ? [`inside ${around.join(" › ")}`] : []),
    ...content.scores.map((score) => scoreText(score, index)),
  ];
}

/** What is selected, in words. */
export function stripSentence(content, index) {
  if (index !== null) return `${capitalised(tokenLines(content, index).join("; "))}.`;
  const { tokens } = content;
  const control = tokens.filter((token) => token.kind === "control").length;
  const fallback = tokens.filter((token) => token.kind === "byte").length;
  const turns = content.blocks.filter((block) => block.name === "turn").map((block) => block.label);
  const parts = [`${tokens.length} tokens, ${control} of them ${control === 1 ? "a control token" : "control tokens"}`];
  if (fallback) parts.push(`${fallback} byte pieces for characters that the vocabulary lacks`);
  if (turns.length) parts.push(`turns: ${turns.join(", ")}`);
  return `${parts.join("; ")}.`;
}

function capitalised(text) {
  return text[0].toUpperCase() + text.slice(1);
}
