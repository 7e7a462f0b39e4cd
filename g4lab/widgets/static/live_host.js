// In a notebook: anywidget calls render, the kernel sends content and status, the view sends what the reader asks for.
import { joinSelection } from "./linking.js";
import { asText } from "./pack.js";
import { onDemand } from "./save_as.js";

const SELECT_EVERY = 60; // ms; a pointer moves faster than a kernel wants to hear

/** Tell the kernel at how many places the view is on display: what is pinned in one that is gone is let go. */
function standAt(model, places) {
  model.set("shown", places);
  model.save_changes();
}

/** anywidget's first call, once on a page: what an earlier page said does not count. */
function initialize({ model }) {
  standAt(model, 0);
}

/** anywidget's entry: draw the view for one cell's output; returns what undoes it. */
function render({ model, el }) {
  let timer = null;
  let view = null;
  const link = joinSelection({ show: (selection) => view?.select?.(selection) });
  const select = (selection) => {
    const stamp = link.tell(selection);
    clearTimeout(timer);
    timer = setTimeout(() => {
      model.set("selection", stamp === undefined ? selection : { ...selection, stamp });
      model.save_changes();
    }, SELECT_EVERY);
  };
  const root = document.createElement("div");
  el.append(root);
  const data = { ...model.get("content"), status: model.get("status") };
  const take = ({ header }) => {
    link.setKey(header.link, header.family);
    root.classList.toggle("g4-hosted", Boolean(header.hosted));
    root.classList.add(`g4lab-live-${header.id}`);
  };
  take(data);
  const asked = onDemand((question) => model.send({ kind: "still", ...question }));
  const still = data.header.pictured ? (shown, words) => asked.get({ shown, words }) : null;
  view = mount(root, data, { send: (message) => model.send(message), select, still });
  const heard = () => {
    const { stamp, ...selection } = model.get("selection");
    const { link: key } = model.get("content").header;
    if (key) link.hear({ key, stamp, selection });
  };
  heard(); // a view that is shown later begins with what is selected already
  const listeners = {
    "change:content": () => {
      take(model.get("content"));
      view.update(model.get("content"));
    },
    "change:status": () => view.update({ status: model.get("status") }),
    "change:selection": heard,
    "msg:custom": (message, buffers) => (message.kind === "still" ? asked.answer(asText(buffers[0])) : view.receive(message, buffers)),
  };
  Object.entries(listeners).forEach(([event, listener]) => model.on(event, listener));
  standAt(model, model.get("shown") + 1);
  return () => {
    clearTimeout(timer);
    link.close();
    Object.entries(listeners).forEach(([event, listener]) => model.off(event, listener));
    view.destroy();
    standAt(model, Math.max(0, model.get("shown") - 1));
  };
}

export default { initialize, render };
