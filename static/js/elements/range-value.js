/** A slider that says its number beside its label. */
class RangeValue extends HTMLElement {
  connectedCallback() {
    this.addEventListener("input", this.#show);
  }

  disconnectedCallback() {
    this.removeEventListener("input", this.#show);
  }

  #show = (event) => {
    const { id, value } = event.target;
    document.querySelector(`output[for="${id}"]`).textContent = value;
  };
}

customElements.define("range-value", RangeValue);
