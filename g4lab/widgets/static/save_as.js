// "Save": the numbers on show as CSV, and the still picture that the host has as SVG or PNG. The files are made in the
// page, so that they also come where there is no kernel and no network.
import { h } from "./dom.js";

const SHARPER = 2; // pixels of the PNG to each of the picture's
const PATIENCE = 20_000; // ms that a kernel has for its answer

/** A table as CSV (RFC 4180, but for plain line ends): a cell with a comma, a quote or a line end stands in quotes. */
export function csvOf({ heads, rows }) {
  const cell = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  return [heads, ...rows].map((line) => `${line.map((value) => cell(String(value))).join(",")}\n`).join("");
}

/** A file's name from words: only what every file system takes. */
export function fileName(...words) {
  return words.join("-").replace(/[^\p{L}\p{N}.]+/gu, "-").replace(/^[-.]+|[-.]+$/g, "").slice(0, 80) || "view";
}

/** A promise that a host keeps when its answer comes: `ask(question)` sends it, `answer(text)` is what came. */
export function onDemand(ask) {
  let waiting = [];
  return {
    answer(text) {
      waiting.forEach(({ resolve, timer }) => (clearTimeout(timer), resolve(text)));
      waiting = [];
    },
    get: (question) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error("the kernel did not answer")), PATIENCE);
        waiting.push({ resolve, timer });
        ask(question);
      }),
  };
}

/**
 * The control: name() names the file, table() makes { heads, rows } of what is on show, and still() promises the
 * picture as SVG, with what is selected; without it only the numbers are offered.
 */
export function saveAs({ name, table, still }) {
  const said = h("span", { class: "g4-soft", role: "status" });
  const formats = [
    ["csv", "the numbers on show", async () => new Blob(["\ufeff", csvOf(table())], { type: "text/csv" })],
    ...(still ? [["svg", "the picture", async () => new Blob([await still()], { type: "image/svg+xml" })], ["png", "the picture", async () => pngOf(await still())]] : []),
  ];
  const button = ([format, what, make]) =>
    h("button", { type: "button", class: "g4-format", "aria-label": `Save ${what} as ${format.toUpperCase()}`, onclick: () => save(format, make) }, format.toUpperCase());

  async function save(format, make) {
    const file = `${name()}.${format}`;
    said.textContent = `${file} is made …`;
    try {
      handOver(await make(), file);
      said.textContent = file;
    } catch (error) {
      said.textContent = `${file} could not be made: ${error.message}`;
    }
  }

  return h("div", { class: "g4-save" }, h("span", { class: "g4-soft", "aria-hidden": "true" }, "Save"), ...formats.map(button), said);
}

function handOver(blob, file) {
  const address = URL.createObjectURL(blob);
  h("a", { href: address, download: file }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

async function pngOf(svg) {
  const image = new Image();
  image.src = `data:image/svg+xml;base64,${btoa(svg)}`; // the host writes it in ASCII
  await image.decode();
  const canvas = h("canvas", { width: SHARPER * image.naturalWidth, height: SHARPER * image.naturalHeight });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture is too large")))),
  );
}
