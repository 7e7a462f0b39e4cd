// Runs in the page after the view's module: `given` holds its content, the head to choose and the kernel's answer.
// In a block of its own: the view has names of its own too.
{
  const given = JSON.parse(document.getElementById("given").textContent);
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const buffers = given.answer.buffers.map((text) => new DataView(bytes(text).buffer));
  const root = document.getElementById("view");
  const view = mount(root, { header: given.header, arrays: bytes(given.arrays) }, {
    send: ({ kind, layer, head }) => {
      if (kind === "head" && layer === given.layer && head === given.head) setTimeout(() => view.receive(given.answer.message, buffers), 0);
    },
  });
  const pattern = root.querySelector(".g4-pattern");
  const over = root.querySelector(".g4-over");
  const sentence = () => root.querySelector(".g4-sentence").textContent;
  const whole = () => pattern.dataset.rows === "all";
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  async function until(ready) {
    while (!ready()) await frame();
  }

  // ms from an act of the reader's until its answer has been painted
  async function timed(act, ready) {
    const start = performance.now();
    act();
    await until(ready);
    await frame();
    pattern.getContext("2d").getImageData(0, 0, 1, 1);
    return performance.now() - start;
  }

  function move(x, y) {
    const box = over.getBoundingClientRect();
    over.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, clientX: box.left + x, clientY: box.top + y }));
  }

  function press(element) {
    pattern.dataset.rows = "";
    element.click();
  }

  // one after the other, so that each is answered before the next
  async function each(count, act) {
    const times = [];
    for (let i = 0; i < count; i += 1) {
      const before = sentence();
      times.push(await timed(() => act(i), () => sentence() !== before));
    }
    return Math.max(...times);
  }

  window.measure = async () => {
    await until(whole);
    const row = root.querySelector(`.g4-found [data-place="${given.layer}.${given.head}"]`);
    const draw = await timed(() => press(row), () => whole() && sentence().startsWith(`Head ${given.head} of layer ${given.layer}`));
    const hover = await each(40, (i) => move(7 * i + 3, 12 * i + 20));
    const tokens = [...root.querySelectorAll(".g4-token")];
    const click = await each(20, (i) => tokens.at(-7 * i - 3).click());
    const by_value = await timed(() => press(root.querySelector("[data-value=value]")), whole);
    return { draw, hover, click, by_value };
  };
}
