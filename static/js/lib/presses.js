// What is held down just now. A button that is renewed under the finger loses its click.

const CLICK_AFTER_MS = 50; // On a touch screen the click comes a moment after the finger has left.
const PRESSED_BY_SPACE = "button, summary, input[type=checkbox], input[type=radio]";

let held = null;
let timer = 0;

export function followPresses() {
  const listen = (type, listener) => document.addEventListener(type, listener, { capture: true });
  // A list of choices opens at the press, and its page may never hear of the end.
  listen("pointerdown", ({ button, target }) => button === 0 && !target.closest?.("select") && press());
  listen("pointerup", lift);
  listen("pointercancel", lift);
  listen("pointermove", ({ buttons }) => buttons === 0 && lift());
  listen("keydown", ({ key, target }) => key === " " && target.closest?.(PRESSED_BY_SPACE) && press());
  listen("keyup", ({ key }) => key === " " && lift());
  window.addEventListener("blur", lift);
}

/** Once nothing is held down and its click has been heard. */
export async function whenLifted() {
  while (held) await held.lifted;
}

function press() {
  clearTimeout(timer);
  timer = 0;
  if (held) return;
  held = {};
  held.lifted = new Promise((resolve) => (held.release = resolve));
}

function lift() {
  if (held && !timer) timer = setTimeout(release, CLICK_AFTER_MS);
}

function release() {
  held.release();
  held = null;
  timer = 0;
}
