import { hasSingleKeys, setSingleKeys } from "../lib/keys.js";

/** Whether single letters are shortcuts; kept in this browser. */
class KeySwitch extends HTMLElement {
  connectedCallback() {
    this.querySelector("input").checked = hasSingleKeys();
    this.addEventListener("change", this.#choose);
  }

  disconnectedCallback() {
    this.removeEventListener("change", this.#choose);
  }

  #choose = (event) => setSingleKeys(event.target.checked);
}

customElements.define("key-switch", KeySwitch);
