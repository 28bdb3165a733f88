import { announce } from "../lib/notices.js";

const NOT_COPIED = "The browser would not let us copy. The text is selected: press Ctrl or ⌘ + C.";

/** A button that copies the text of the element named by data-target. */
class CopyText extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", this.#copy);
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#copy);
  }

  #copy = async () => {
    const target = document.querySelector(this.dataset.target);
    if (!target) return;
    if ((await copied(target.textContent)) || copiedTheOldWay(target.textContent)) return announce("Copied.");
    getSelection().selectAllChildren(target);
    announce(NOT_COPIED, { urgent: true });
  };
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Over plain http there is no clipboard at all, and elsewhere it may be closed to us.
    return false;
  }
}

function copiedTheOldWay(text) {
  const hold = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    event.clipboardData.setData("text/plain", text);
  };
  document.addEventListener("copy", hold, { capture: true, once: true });
  const isDone = document.execCommand("copy");
  document.removeEventListener("copy", hold, { capture: true });
  return isDone;
}

customElements.define("copy-text", CopyText);
