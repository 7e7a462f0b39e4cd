// The keys of RoutingExplorer. None of them reaches the notebook, where a single letter can delete a cell.

const IGNORED = "textarea, select, input";

/** What a key does to the state, or null. `focus` is "grid", "rail" or null. Pure, so that it can be tested. */
export function stepOf(key, focus, { content, state }) {
  const tokens = content.tokens.length;
  const clamp = (value, count) => Math.min(Math.max(value, 0), count - 1);
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1 }[key];
  const sideways = key === "ArrowLeft" || key === "ArrowRight" || key === "Home" || key === "End";
  if (key === "Escape") return { token: null, pinned: false, expert: null, swap: null };
  if (step === undefined && !sideways) return null;
  const overExperts = focus === "grid" && state.show !== "entropy";
  if (sideways && overExperts) return { expert: target(key, step, state.expert, content.experts, clamp) };
  if (sideways) return { token: target(key, step, state.token, tokens, clamp) };
  // in a grid whose rows are tokens, read downward, up and down move along them
  if (focus === "grid" && state.slice === "one" && overExperts)
    return { token: clamp((state.token ?? (step > 0 ? tokens : -1)) - step, tokens) };
  return { layer: clamp(state.layer + step, content.layers.length) };
}

function target(key, step, current, count, clamp) {
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  return current === null ? (step > 0 ? 0 : count - 1) : clamp(current + step, count);
}

/** Listen on `root`; returns what stops it. */
export function onKeys(root, { focusOf, read, set, enter }) {
  function listen(event) {
    const modified = event.ctrlKey || event.metaKey || event.altKey;
    if (!modified) event.stopPropagation();
    if (modified || event.target.matches(IGNORED)) return;
    const focus = focusOf(event.target);
    if (event.key === "Enter" && focus) enter();
    const step = stepOf(event.key, focus, read());
    if (step) set(step);
    if (step || (event.key === "Enter" && focus)) event.preventDefault();
  }
  root.addEventListener("keydown", listen);
  return () => root.removeEventListener("keydown", listen);
}
