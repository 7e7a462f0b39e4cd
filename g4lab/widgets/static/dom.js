// Small helpers for making elements. Text is always set as text, never as markup.

/** An element with properties ("class", "on…" handlers, attributes) and children (elements or text). */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

let lastId = 0;

/** An id that no other element on the page has, so that two views can stand side by side. */
export function uniqueId(stem) {
  lastId += 1;
  return `g4lab-${stem}-${lastId}-${Math.random().toString(36).slice(2, 8)}`;
}

/** Buttons of which one is pressed: a choice between few things. */
export function choice(label, options, pick) {
  const buttons = options.map(([value, text]) =>
    h("button", { type: "button", class: "g4-choice", "data-value": value, onclick: () => pick(value) }, text),
  );
  const element = h("span", { class: "g4-choices", role: "group", "aria-label": label }, ...buttons);
  const set = (value) =>
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.value === value)));
  return { element, set };
}

/**
 * Change what stands in `element`. Where that takes the focused part away, `element` itself gets the focus (it needs a
 * tabindex): with the focus on nothing, the next key would go to the notebook.
 */
export function keepingFocus(element, change) {
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  change();
  if (focused && !(focused.isConnected && focused.checkVisibility())) element.focus();
}

/** The context of a canvas that is set to a size in CSS pixels, sharp on every screen. */
export function sizedContext(canvas, width, height) {
  const ratio = devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  return context;
}

/** Run `task` before the next frame is drawn, once however often it is asked for. */
export function oncePerFrame(task) {
  let asked = null;
  const ask = () => {
    asked ??= requestAnimationFrame(() => {
      asked = null;
      task();
    });
  };
  ask.cancel = () => cancelAnimationFrame(asked);
  return ask;
}
