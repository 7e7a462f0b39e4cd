// In a page without a kernel: the header and the arrays lie in the document, and the page around it lends its colours.
import { joinSelection } from "./linking.js";
import { markedStill } from "./marked_still.js";
import { asBytes, asText, inflate, unpack } from "./pack.js";
const read = (id) => inflate(asBytes(document.getElementById(id).textContent));
const content = { header: JSON.parse(asText(await read("header"))), arrays: await read("arrays") };
const around = document.getElementById("view");
const link = joinSelection({
  show: (selection) => view.select?.(selection),
  post: (message) => parent.postMessage({ g4lab: "selection", ...message }, "*"),
});
link.setKey(content.header.link, content.header.family);
around.classList.toggle("g4-hosted", Boolean(content.header.hosted));
const held = unpack(content.header.arrays.filter(({ name }) => name === "still"), content.arrays).still;
const still = held ? async (shown, words) => markedStill(asText(held.data), content.header.places, shown, words) : null;
const view = mount(around, content, { select: link.tell, still });

const tellHeight = () => parent.postMessage({ g4lab: "height", height: document.documentElement.offsetHeight }, "*");
new ResizeObserver(tellHeight).observe(document.documentElement);

addEventListener("message", ({ source, data }) => {
  if (source !== parent) return;
  if (data?.g4lab === "selection") return link.hear(data);
  if (data?.g4lab !== "theme") return;
  const { style } = document.documentElement;
  style.setProperty("--jp-layout-color0", data.paper);
  style.setProperty("--jp-content-font-color1", data.ink);
  document.documentElement.style.colorScheme = document.body.style.colorScheme = data.scheme;
});
