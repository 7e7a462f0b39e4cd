// A still picture that lies in a page without a kernel, marked with what is selected there when it is saved.
//
// The picture was drawn before anything was selected: what is selected is outlined where the picture shows it, and said
// in words below it.

const LINE = 17; // pixels, as the lines that the host wrote
const FOOT = 20;

/** The places that a selection outlines; `Pointed.keys` in pointed.py says the same. */
export function keysOf({ token = null, layer = null, row = null, head = null, expert = null, expert_layer = null, kind = null, pair = null }) {
  return [
    [`token.${token}`, token !== null],
    [`layer.${layer}`, layer !== null],
    [`row.${row}`, row !== null],
    [`head.${layer}.${head}`, layer !== null && head !== null],
    [`expert.${layer}.${expert}`, expert !== null && expert_layer === layer],
    [`pair.${kind}.${pair}`, kind !== null && pair !== null],
  ].filter(([, there]) => there).map(([key]) => key);
}

/** What stands below the picture. */
export function markedWords(places, shown, words) {
  const outside = shown.token !== null && shown.token !== undefined && !places[`token.${shown.token}`];
  const where = outside ? ` Token ${shown.token} is not marked in the picture.` : "";
  return `On the page: ${words} The picture is of the view as this page was made, without a kernel; outlined is what is selected.${where}${undrawn(shown)}`;
}

// What the page shows and only a kernel could draw.
function undrawn({ panel = null, mode = "weight" }) {
  const open = panel === null ? "" : " The panel that is open is not in the picture: saved from a running notebook it is.";
  return mode === "value" ? `${open} The head is drawn by its weights, not by weights times values.` : open;
}

/** The picture (an SVG in ASCII) with outlines and a paragraph more; `places` has [x, y, width, height] by key. */
export function markedStill(svg, places, shown, words) {
  const [, width, height] = svg.match(/^<svg [^>]*?width="(\d+)" height="(\d+)"/).map(Number);
  const lines = wrapped(markedWords(places, shown, words), Math.max(20, Math.floor((width - 32) / 6.3)));
  const taller = height + LINE * lines.length;
  const boxes = keysOf(shown).filter((key) => places[key]).map((key) => outlineAt(...places[key]));
  const text = lines.map((line, index) => `<text x="16" y="${height - FOOT + 14 + LINE * index}" dy=".35em" font-size="12" fill="#1b1f24">${plain(line)}</text>`);
  return svg
    .replace(`height="${height}"`, `height="${taller}"`)
    .replace(`viewBox="0 0 ${width} ${height}"`, `viewBox="0 0 ${width} ${taller}"`)
    .replace(/<\/svg>\s*$/, () => `${[...boxes, ...text].join("\n")}\n</svg>\n`);
}

function outlineAt(x, y, width, height) {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="none" stroke="#0a58ca" stroke-width="2"/>`;
}

function wrapped(words, most) {
  const lines = [""];
  for (const word of words.split(/\s+/)) {
    const last = lines.length - 1;
    if (lines[last] && lines[last].length + 1 + word.length > most) lines.push(word);
    else lines[last] += (lines[last] ? " " : "") + word;
  }
  return lines;
}

/** ASCII that no reader takes for markup; characters that no XML file may hold are replaced. */
function plain(text) {
  const allowed = text.replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd");
  return allowed.replace(/[&<>]|[^\x00-\x7f]/gu, (character) => `&#${character.codePointAt(0)};`);
}
