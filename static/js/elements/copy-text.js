import { announce } from "../lib/notices.js";

/** A button that copies the text of the element named by data-target. */
class CopyText extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", this.#copy);
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#copy);
  }

  #copy = async () => {
    const text = document.querySelector(this.dataset.target)?.textContent ?? "";
    try {
      await navigator.clipboard.writeText(text);
      announce("Copied.");
    } catch {
      announce("The browser would not let us copy. Select the text and copy it yourself.", { urgent: true });
    }
  };
}

customElements.define("copy-text", CopyText);
