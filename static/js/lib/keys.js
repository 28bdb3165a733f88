// What a key event means, on every keyboard and while a word is still being put together.

const LATIN = /^[a-z]$/i;
const PLACE = /^Key([A-Z])$/;

/** True while an input method holds the keys: its Enter, Escape and arrows are not ours. */
export function isComposing(event) {
  return event.isComposing || event.keyCode === 229;
}

/** By the letter where it is Latin, else by the key's place; a printable sign is what it says. */
export function keyOf({ key, code }) {
  if (LATIN.test(key)) return key.toLowerCase();
  const isLetter = key.length === 1 && /\p{L}/u.test(key);
  return isLetter ? PLACE.exec(code)?.[1].toLowerCase() ?? key : key;
}

const SWITCH = "single-keys";

/** People who speak their input, or whose hands slip, turn keys without Ctrl off. */
export function hasSingleKeys() {
  try {
    return localStorage.getItem(SWITCH) !== "off";
  } catch {
    return true;
  }
}

export function setSingleKeys(isOn) {
  try {
    localStorage.setItem(SWITCH, isOn ? "on" : "off");
  } catch {
    // Without storage they stay on.
  }
}

/** Ctrl or Cmd; not the third level of a keyboard, which Windows reports as Ctrl + Alt. */
export function isCommand(event) {
  return (event.ctrlKey || event.metaKey) && !event.getModifierState?.("AltGraph");
}
