// What a view asks of its host: one thing at a time, with the status line saying what is being done.

/** doing(message) says in words what the host is about to do. `ask` while busy is not sent. */
export function asking(frame, send, doing) {
  let busy = false;

  function showStatus(value) {
    busy = value.state === "busy";
    frame.showStatus(value);
    frame.draw();
  }

  return {
    get busy() {
      return busy;
    },
    showStatus,
    ask(message) {
      if (busy) return;
      showStatus({ state: "busy", doing: doing(message) });
      send(message);
    },
  };
}
