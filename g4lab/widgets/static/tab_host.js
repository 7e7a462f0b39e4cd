// Tabs around static views: without this script all views stand one below another, with it one at a time.
(() => {
  const host = document.currentScript.parentElement;
  const panels = [...host.querySelectorAll(":scope > .g4lab-panel")];
  if (!panels.length || host.querySelector("[role=tablist]")) return;
  const stem = `g4lab-tab-${Math.random().toString(36).slice(2, 8)}`;
  const list = document.createElement("div");
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", "views");
  list.style.cssText = "display:flex;flex-wrap:wrap;gap:4px;padding:4px 8px;border-bottom:1px solid";
  // clip, not hidden: a focus inside a hidden, taller panel must not scroll the one that is seen out of sight
  const holder = document.createElement("div");
  holder.style.cssText = "position:relative;overflow:clip";
  panels[0].before(list, holder);
  holder.append(...panels);
  const tabs = panels.map((panel, index) => {
    const tab = document.createElement("button");
    tab.type = "button";
    tab.id = `${stem}-${index}`;
    panel.id = `${stem}-panel-${index}`;
    tab.textContent = panel.dataset.tab;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", panel.id);
    tab.style.cssText = "font:inherit;color:inherit;background:none;border:0;padding:4px 12px;min-height:28px;cursor:pointer";
    tab.addEventListener("click", () => show(index));
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    list.append(tab);
    return tab;
  });

  // a hidden panel keeps its width, so that its view is drawn at the right size before it is seen
  function show(chosen) {
    panels.forEach((panel, index) => {
      const on = index === chosen;
      panel.style.cssText = on ? "" : "visibility:hidden;position:absolute;left:0;right:0;top:0";
      tabs[index].setAttribute("aria-selected", String(on));
      tabs[index].tabIndex = on ? 0 : -1;
      tabs[index].style.fontWeight = on ? "600" : "400";
      tabs[index].style.boxShadow = on ? "inset 0 -3px currentColor" : "none";
    });
  }

  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const next = (to + tabs.length) % tabs.length;
    show(next);
    tabs[next].focus();
  });
  show(0);
})();
