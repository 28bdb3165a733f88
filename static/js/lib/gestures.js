// One gesture, one act: what sends a form whole is pressed once, however hands and keyboards tremble.

// A button with an address of its own only renews the composer; it may be pressed in quick succession.
const SENDS = "button:not([type=button], [type=reset], [formaction]), input[type=submit]";

/** Before anybody else sees them: the second click of a double click, and what a held key repeats. */
export function takeGesturesOnce() {
  document.addEventListener("click", (event) => event.detail > 1 && swallow(event, SENDS), { capture: true });
  document.addEventListener("keydown", (event) => isRepeatedEnter(event) && swallow(event, "*"), { capture: true });
}

/** In a text of several lines a held Enter makes empty lines, unless it would send them. */
function isRepeatedEnter({ key, repeat, ctrlKey, metaKey, target }) {
  if (key !== "Enter" || !repeat) return false;
  return ctrlKey || metaKey || !target.closest?.("textarea, [contenteditable]");
}

function swallow(event, selector) {
  if (!event.target.closest?.(selector)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}
