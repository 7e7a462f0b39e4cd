// The numbers of LogitLens, and what its sentence, tooltips and table say. Ranks count from 1, the likeliest token.
import { precise, rough, withSign } from "./numbers.js";
import { unpack } from "./pack.js";
import { quoted } from "./token_rail.js";

export const TARGET_WORDS = { true: "true next token", predicted: "predicted token", chosen: "chosen token" };

/** What the page was given: per target its ids, ranks, probabilities and attribution; per cell its top tokens. */
export function readLens({ header, arrays }) {
  const data = unpack(header.arrays, arrays);
  const columns = header.columns;
  const k = data["top.ids"].shape[2];
  const top = (row, column) =>
    Array.from({ length: k }, (_, i) => {
      const at = (row * columns + column) * k + i;
      return { id: data["top.ids"].data[at], probability: data["top.probability"].data[at] };
    });
  const targets = Object.fromEntries(header.targets.map((name) => [name, readTarget(data, name, columns)]));
  return { ...header, top, targets };
}

function readTarget(data, name, columns) {
  const cell = (field) => (row, column) => data[`${name}.${field}`].data[row * columns + column];
  const each = (field) => (column) => data[`${name}.${field}`].data[column];
  const parts = data[`${name}.parts`];
  const size = parts.shape[1];
  return {
    id: each("ids"),
    rank: cell("rank"),
    probability: cell("probability"),
    logit: each("logit"),
    rest: each("rest"),
    capped: each("capped"),
    parts: (column) => parts.data.subarray(column * size, (column + 1) * size),
    average: (column) => data[`${name}.average`].data.subarray(column * size, (column + 1) * size),
    /** The last token of a sequence has no true next one. */
    has: (column) => data[`${name}.ids`].data[column] >= 0,
  };
}

/** The text of a vocabulary entry, quoted so that spaces show. */
export function named(content, id) {
  return quoted({ text: content.texts[id] ?? `#${id}`, kind: "text" });
}

/** 0 to 1 for a cell's shading, or null where there is no target. */
export function lensShade(content, { shade, target }, row, column) {
  if (shade === "top") return content.top(row, column)[0].probability;
  const chosen = content.targets[target];
  if (!chosen.has(column)) return null;
  return shade === "probability" ? chosen.probability(row, column) : rankShade(chosen.rank(row, column), content.vocabulary);
}

/** Ranks on a logarithmic scale: the first is 1, the last of V is 0. */
export function rankShade(rank, vocabulary) {
  return 1 - Math.log(rank) / Math.log(vocabulary);
}

/** What a cell prints: its top token, and the target's rank. */
export function lensWords(content, { target }, row, column) {
  const chosen = content.targets[target];
  const [{ id }] = content.top(row, column);
  const text = named(content, id);
  return { text: text.startsWith("“") ? text.slice(1, -1) : text, small: chosen.has(column) ? shortRank(chosen.rank(row, column)) : "" };
}

/** A rank in at most four characters. */
export function shortRank(rank) {
  if (rank < 10_000) return String(rank);
  return rank < 1_000_000 ? `${Math.floor(rank / 1000)}k` : `${Math.floor(rank / 1_000_000)}M`;
}

/** The lines of a cell's tooltip. */
export function lensCellLines(content, state, row, column) {
  const lines = [`${content.rows[row].name}, token ${content.start + column} ${quoted(content.tokens[content.start + column])}`];
  content.top(row, column).forEach(({ id, probability }, i) => lines.push(`${i + 1}. ${named(content, id)} ${precise(probability)}`));
  const chosen = content.targets[state.target];
  if (!chosen.has(column)) return [...lines, `no ${TARGET_WORDS[state.target]} here`];
  return [
    ...lines,
    `${TARGET_WORDS[state.target]} ${named(content, chosen.id(column))}: ${precise(chosen.probability(row, column))}, rank ${chosen.rank(row, column)}`,
    baselineWords(content, state.target, column),
  ];
}

/** What a reading that knows nothing would give the target. */
export function baselineWords(content, target, column) {
  const uniform = `uniform ${rough(1 / content.vocabulary)}, rank ${rough((content.vocabulary + 1) / 2)}`;
  const prior = content.priors?.[target]?.[column];
  return prior ? `${uniform}; unigram prior ${rough(prior.probability)}, rank ${prior.rank}` : uniform;
}

/** What is selected, in words. */
export function lensSentence(content, { row, token, target }) {
  const { name } = content.rows[row];
  const column = token === null ? -1 : token - content.start;
  if (token === null) return layerWords(content, row, target);
  if (column < 0) return `Token ${token} lies before the ${content.columns} positions that the lens reads.`;
  const [best] = content.top(row, column);
  const begin = `Read out at ${name}, the stream at ${quoted(content.tokens[token])} says ${named(content, best.id)} (${rough(best.probability)})`;
  const chosen = content.targets[target];
  if (!chosen.has(column)) return `${begin}; the text ends here, so there is no ${TARGET_WORDS[target]}.`;
  const rank = chosen.rank(row, column);
  return `${begin}; the ${TARGET_WORDS[target]} ${named(content, chosen.id(column))} has rank ${rank} and probability ${rough(chosen.probability(row, column))} (${baselineWords(content, target, column)}).`;
}

function layerWords(content, row, target) {
  const { first, count } = firstPlaces(content, target, row);
  const elsewhere = content.null_first ? `, those of other positions at ${rough(count * content.null_first[row])}` : "";
  return `Read out at ${content.rows[row].name}, the ${TARGET_WORDS[target]} comes first at ${first} of ${count} positions${elsewhere}; a guess at random would be right at ${rough(count / content.vocabulary)}.`;
}

/** At how many of the positions that have a target it comes first. */
export function firstPlaces(content, target, row) {
  const chosen = content.targets[target];
  const columns = Array.from({ length: content.columns }, (_, c) => c).filter(chosen.has);
  return { first: columns.filter((column) => chosen.rank(row, column) === 1).length, count: columns.length };
}

/** The attribution of one position as rows from the input upward: { name, parts: [{ part, value, average }] }. */
export function attributionRows(content, target, column) {
  const values = content.targets[target].parts(column);
  const average = content.targets[target].average(column);
  const rows = [];
  content.components.forEach(({ layer, part }, i) => {
    const name = layer === null ? part : `layer ${layer}`;
    if (rows.at(-1)?.name !== name) rows.push({ name, layer, parts: [] });
    rows.at(-1).parts.push({ part, value: values[i], average: average[i] });
  });
  return rows;
}

/** The sum of an attribution in words: parts, the rest that they leave, the logit, and what the soft cap makes of it. */
export function sumWords(content, target, column) {
  const chosen = content.targets[target];
  const sum = [...chosen.parts(column)].reduce((total, value) => total + value, 0);
  const capped = content.softcap === null ? "" : `; the soft cap of ${content.softcap} makes it ${withSign(chosen.capped(column), 3)}`;
  return `parts ${withSign(sum, 3)}, unexplained ${withSign(chosen.rest(column), 3)}, logit of ${named(content, chosen.id(column))} ${withSign(chosen.logit(column), 3)}${capped}`;
}

/** The table twin: every layer at one position, or every layer's count of first places. */
export function lensTable(content, { token, target }) {
  const chosen = content.targets[target];
  const column = token === null ? -1 : token - content.start;
  if (column < 0) {
    const rows = content.rows.map(({ name }, row) => {
      const { first, count } = firstPlaces(content, target, row);
      return [name, first, count];
    });
    return { caption: `The ${TARGET_WORDS[target]}`, heads: ["read out at", "first at", "of positions"], rows: rows.toReversed() };
  }
  const rows = content.rows.map(({ name }, row) => {
    const [best] = content.top(row, column);
    const of = chosen.has(column) ? [chosen.rank(row, column), precise(chosen.probability(row, column))] : ["–", "–"];
    return [name, named(content, best.id), precise(best.probability), ...of];
  });
  const caption = `Token ${token}, ${quoted(content.tokens[token])}; ${TARGET_WORDS[target]} ${chosen.has(column) ? named(content, chosen.id(column)) : "–"}`;
  return { caption, heads: ["read out at", "top token", "its probability", "target's rank", "target's probability"], rows: rows.toReversed() };
}
