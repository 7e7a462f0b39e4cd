// The numbers of RoutingExplorer's panels, a layer at a time: those that came with the page, and those asked for since.
import { unpack } from "./pack.js";

/** The store; `send(message)` asks the host for what is not there. */
export function detailStore(send) {
  let found = new Map();
  let asked = new Set();
  let refused = new Set();
  const keyOf = ({ panel, run, layer }) => `${panel}.${run}.${layer}`;

  return {
    /** New content: what it carries takes the place of all that was known. */
    reset({ details, unpacked }) {
      [found, asked, refused] = [new Map(), new Set(), new Set()];
      for (const detail of details) {
        const stem = `${keyOf(detail)}.`;
        const own = Object.entries(unpacked).filter(([name]) => name.startsWith(stem));
        found.set(keyOf(detail), { ...detail, arrays: Object.fromEntries(own.map(([name, array]) => [name.slice(stem.length), array])) });
      }
    },
    /** The numbers of a panel: { detail }, or { waiting } for the host's answer, or neither where none will come. */
    want(content, panel, run, layer) {
      const wanted = { panel, run, layer };
      const key = keyOf(wanted);
      if (found.has(key)) return { detail: found.get(key) };
      if (!content.live || refused.has(key)) return {};
      if (!asked.has(key)) {
        asked.add(key);
        send({ kind: "detail", ...wanted });
      }
      return { waiting: true };
    },
    /** What the host sent. */
    receive({ kind, arrays, ...detail }, buffer) {
      found.set(keyOf(detail), { ...detail, arrays: unpack(arrays, buffer) });
    },
    /** The host could not answer: nothing that is still asked for will come. */
    refuse() {
      refused = new Set([...asked].filter((key) => !found.has(key)));
    },
    /** The layers whose numbers are there. */
    layers: (panel, run) => [...found.values()].filter((detail) => detail.panel === panel && detail.run === run).map(({ layer }) => layer),
  };
}

/** Why a panel shows no numbers, in words. */
export function absence(content, store, panel, run, { waiting }) {
  if (waiting) return "The numbers of this layer are computed …";
  if (content.live) return "The numbers of this layer did not come: the line above the picture says why.";
  const held = store.layers(panel, run).toSorted((a, b) => a - b);
  const which = held.length ? `holds those of ${held.length === 1 ? "layer" : "layers"} ${held.join(", ")}` : "holds those of no layer";
  return `The numbers of all layers would not fit a page without a kernel; this one ${which}. A running notebook has them all.`;
}
