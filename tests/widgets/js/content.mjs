// A content made by hand: 2 layers, 3 tokens (the first a control token), 4 experts, 2 chosen.

export function makeContent({ withAfter = false } = {}) {
  const arrays = [];
  const blocks = [];
  let offset = 0;
  const add = (name, dtype, shape, data) => {
    const raw = new Uint8Array(data.buffer);
    const padding = (8 - (raw.length % 8)) % 8;
    arrays.push({ name, dtype, shape, offset });
    blocks.push(...raw, ...new Array(padding).fill(0));
    offset += raw.length + padding;
  };
  for (const run of withAfter ? ["before", "after"] : ["before"]) {
    add(`${run}.experts`, "uint8", [2, 3, 2], Uint8Array.from([0, 1, 1, 2, 1, 3, 3, 2, 3, 0, 0, 1]));
    add(`${run}.weights`, "float32", [2, 3, 2], Float32Array.from([0.9, 0.1, 0.75, 0.25, 0.5, 0.5, 1, 0, 0.6, 0.4, 0.8, 0.2]));
    add(`${run}.entropy`, "float32", [2, 3], Float32Array.from([0.5, 1, 1.5, 2, 0, 1.25]));
    add(`${run}.counts`, "uint8", [2, 4], Uint8Array.from([0, 2, 1, 1, 2, 1, 0, 1]));
    add(`${run}.mean_weight`, "float32", [2, 4], Float32Array.from([0, 0.625, 0.125, 0.25, 0.6, 0.1, 0, 0.3]));
    add(`${run}.mean_probability`, "float32", [2, 4], new Float32Array(8).fill(0.25));
  }
  const header = {
    arrays,
    exact: true,
    live: true,
    editable: true,
    model: { name: "made", label: "by hand", experts: 4, chosen: 2 },
    layers: [{ index: 3, kind: "local", window: 2, owner: 3 }, { index: 5, kind: "global", window: null, owner: 3 }],
    tokens: [{ id: 2, text: "<bos>", kind: "control" }, { id: 9, text: " ball", kind: "text" }, { id: 8, text: "\n", kind: "text" }],
    null: { tokens: 2, load: 0.5, low: 0, high: 2, needed: 7, unused: 0.25 },
    runs: withAfter ? ["before", "after"] : ["before"],
    changes: withAfter ? [{ action: "off", layer: 5, expert: 3, other: null }] : [],
    next: { rows: [], favourite: " blue", change: withAfter ? -2.1 : null },
  };
  return { header, arrays: Uint8Array.from(blocks) };
}

export const STATE = {
  token: null, pinned: false, expert: null, swap: null, slice: "all", show: "weight", order: "number", layer: 0, run: "before",
};
