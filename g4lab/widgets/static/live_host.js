// In a notebook: anywidget calls render, the kernel sends content and status, the view sends what the reader asks for.

const SELECT_EVERY = 60; // ms; a pointer moves faster than a kernel wants to hear

/** anywidget's entry: draw the view for one cell's output; returns what undoes it. */
function render({ model, el }) {
  let timer = null;
  const select = (selection) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      model.set("selection", selection);
      model.save_changes();
    }, SELECT_EVERY);
  };
  const root = document.createElement("div");
  el.append(root);
  const data = { ...model.get("content"), status: model.get("status") };
  const view = mount(root, data, { send: (message) => model.send(message), select });
  const listeners = {
    "change:content": () => view.update(model.get("content")),
    "change:status": () => view.update({ status: model.get("status") }),
    "msg:custom": (message, buffers) => view.receive(message, buffers),
  };
  Object.entries(listeners).forEach(([event, listener]) => model.on(event, listener));
  return () => {
    clearTimeout(timer);
    Object.entries(listeners).forEach(([event, listener]) => model.off(event, listener));
    view.destroy();
  };
}

export default { render };
