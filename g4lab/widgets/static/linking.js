// Linked selection: what is pointed at in one view lights up in every view of the same trace; a view of the model
// itself, which shows no tokens, shares the layer with them.
//
// Views on one page tell each other with a DOM event. A static view in its frame tells the page around it, which
// passes it on (frame_host.js). A view without `select` shows only what is selected in itself.

const SELECTED = "g4lab:selection";
const NOTHING = { token: null, layer: null, pinned: false };

/** The parts of a selection that all views understand; a layer of null leaves a view at the layer that it shows. */
export function sharedPart({ token = null, layer = null, pinned = false }) {
  return { token, layer, pinned };
}

/** What a view takes of a message: "all" from views of the same tokens, "layer" from or to a view of the model. */
export function partFor(message, { key, family }) {
  if (key === null) return null;
  if (message.key === key) return "all";
  const related = family !== null && message.family === family && (message.key === family || key === family);
  return related && message.selection.layer !== null ? "layer" : null;
}

/**
 * Take part in the selection of the trace that `setKey` names, and in that of its model's layers.
 *
 * show(selection) hears of the others' choices, post(message) takes ours beyond this document.
 */
export function joinSelection({ show, post = () => {}, target = globalThis, now = () => performance.timeOrigin + performance.now() }) {
  let here = { key: null, family: null };
  let known = NOTHING; // what is selected, by us or by others
  let latest = -1; // when the newest gesture that we know of was made; the way through the kernel is slower than an event
  const own = {}; // marks our own events
  const listen = ({ detail }) => detail.from !== own && hear(detail);

  function hear(message) {
    const part = partFor(message, here);
    if (!part || (message.stamp !== undefined && message.stamp <= latest)) return;
    latest = message.stamp ?? latest;
    if (!("token" in message.selection) && !("layer" in message.selection)) return; // nothing was selected yet
    const said = sharedPart(message.selection);
    known = part === "all" ? said : { ...known, layer: said.layer };
    show(known);
  }

  target.addEventListener(SELECTED, listen);
  return {
    hear,
    setKey(key, family) {
      if (key !== here.key) known = NOTHING;
      here = { key: key ?? null, family: family ?? null };
    },
    /** Tell all others; returns the moment of the gesture. */
    tell(selection) {
      if (here.key === null) return undefined;
      latest = Math.max(now(), latest + 1);
      known = sharedPart(selection);
      const message = { ...here, stamp: latest, selection: known };
      target.dispatchEvent(new CustomEvent(SELECTED, { detail: { ...message, from: own } }));
      post(message);
      return latest;
    },
    close: () => target.removeEventListener(SELECTED, listen),
  };
}
