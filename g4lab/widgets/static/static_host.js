// In a page without a kernel: the header and the arrays lie in the document, and the page around it lends its colours.

const read = (id) => document.getElementById(id).textContent;
const content = { header: JSON.parse(read("header")), arrays: await inflate(asBytes(read("arrays"))) };
mount(document.getElementById("view"), content);

const tellHeight = () => parent.postMessage({ g4lab: "height", height: document.documentElement.offsetHeight }, "*");
new ResizeObserver(tellHeight).observe(document.documentElement);

addEventListener("message", ({ source, data }) => {
  if (source !== parent || data?.g4lab !== "theme") return;
  const { style } = document.documentElement;
  style.setProperty("--jp-layout-color0", data.paper);
  style.setProperty("--jp-content-font-color1", data.ink);
  document.documentElement.style.colorScheme = document.body.style.colorScheme = data.scheme;
});
