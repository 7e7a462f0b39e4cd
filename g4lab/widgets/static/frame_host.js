// Around static views: give each frame the height that it asks for, and the colours of the page it stands in.
(() => {
  if (window.g4labFrames) return;
  window.g4labFrames = true;
  // a file that holds nothing but the view follows the reader's system, as the view itself does
  if (document.body.children.length === 1) {
    document.documentElement.style.colorScheme = "light dark";
    document.body.style.font = "13px/1.45 system-ui, sans-serif";
  }
  const frames = () => [...document.querySelectorAll("iframe.g4lab-frame")];
  const opaque = (color) => !/^(transparent|rgba\(.*, 0\))$/.test(color);

  function lend(frame) {
    let behind = frame;
    while (behind && !opaque(getComputedStyle(behind).backgroundColor)) behind = behind.parentElement;
    if (!behind) return; // nothing is painted behind: the reader's system decides, for both alike
    const paper = getComputedStyle(behind).backgroundColor;
    const ink = getComputedStyle(frame.parentElement).color;
    const [r, g, b] = paper.match(/[\d.]+/g).map(Number);
    const scheme = 0.3 * r + 0.6 * g + 0.1 * b < 128 ? "dark" : "light";
    frame.style.colorScheme = scheme;
    frame.contentWindow.postMessage({ g4lab: "theme", paper, ink, scheme }, "*");
  }

  // what is selected in one frame goes to all others, and to the live views of this page
  const SELECTED = "g4lab:selection";
  function pass(message, from) {
    frames().forEach((frame) => frame !== from && frame.contentWindow?.postMessage({ ...message, g4lab: "selection" }, "*"));
  }
  addEventListener(SELECTED, ({ detail: { from, ...message } }) => pass(message, from));

  addEventListener("message", ({ source, data }) => {
    const frame = frames().find((candidate) => candidate.contentWindow === source);
    if (frame && data?.g4lab === "selection") {
      const { key, family, stamp, selection } = data;
      return void dispatchEvent(new CustomEvent(SELECTED, { detail: { key, family, stamp, selection, from: frame } }));
    }
    if (!frame || data?.g4lab !== "height") return;
    const height = Math.ceil(Number(data.height));
    if (height > 0) frame.style.height = `${height}px`;
    if (!frame.dataset.lent) lend(frame);
    frame.dataset.lent = "true";
  });

  const all = () => setTimeout(() => frames().forEach(lend), 300);
  const observer = new MutationObserver(all);
  const options = { attributes: true, attributeFilter: ["class", "data-jp-theme-light", "data-theme"] };
  [document.documentElement, document.body].forEach((element) => element && observer.observe(element, options));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
})();
