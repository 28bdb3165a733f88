/** Minus and plus beside a number field. */
class NumberStepper extends HTMLElement {
  #input = null;

  connectedCallback() {
    this.#input = this.querySelector("input");
    this.addEventListener("click", this.#click);
    this.addEventListener("input", this.#update);
    this.#update();
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#click);
    this.removeEventListener("input", this.#update);
  }

  #click = (event) => {
    const button = event.target.closest("[data-step]");
    if (!button) return;
    if (Number(button.dataset.step) > 0) this.#input.stepUp();
    else this.#input.stepDown();
    this.#input.dispatchEvent(new Event("input", { bubbles: true }));
    this.#input.dispatchEvent(new Event("change", { bubbles: true }));
  };

  #update = () => {
    const { value, min, max } = this.#input;
    for (const button of this.querySelectorAll("[data-step]")) {
      const isUp = Number(button.dataset.step) > 0;
      button.disabled = isUp ? Number(value) >= Number(max) : Number(value) <= Number(min);
    }
  };
}

customElements.define("number-stepper", NumberStepper);
