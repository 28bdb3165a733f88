import { wholeNumber } from "../lib/digits.js";
import { isComposing } from "../lib/keys.js";

const ARROWS = { ArrowUp: 1, ArrowDown: -1 };

/**
 * Minus and plus beside a field for a number, which the arrow keys step too. It is a field of text,
 * because the wheel that scrolls past a number field counts in it.
 */
class NumberStepper extends HTMLElement {
  #input = null;
  #listening = null;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.#input = this.querySelector("input");
    this.addEventListener("click", (event) => this.#click(event), { signal });
    this.addEventListener("keydown", (event) => this.#keydown(event), { signal });
    this.addEventListener("input", () => this.#update(), { signal });
    this.#update();
  }

  disconnectedCallback() {
    this.#listening.abort();
  }

  get #limits() {
    return { least: Number(this.#input.dataset.min), most: Number(this.#input.dataset.max) };
  }

  #click(event) {
    const button = event.target.closest("[data-step]");
    if (button) this.#step(Number(button.dataset.step));
  }

  #keydown(event) {
    const step = ARROWS[event.key];
    if (!step || isComposing(event) || event.target !== this.#input) return;
    event.preventDefault();
    this.#step(step);
  }

  #step(step) {
    const { least, most } = this.#limits;
    const now = wholeNumber(this.#input.value);
    const next = Math.min(most, Math.max(least, (Number.isNaN(now) ? least : now) + step));
    if (next === now) return;
    this.#input.value = next;
    this.#input.dispatchEvent(new Event("input", { bubbles: true }));
    this.#input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  #update() {
    const { least, most } = this.#limits;
    const now = wholeNumber(this.#input.value);
    for (const button of this.querySelectorAll("[data-step]")) {
      const isUp = Number(button.dataset.step) > 0;
      button.disabled = isUp ? now >= most : now <= least;
    }
  }
}

customElements.define("number-stepper", NumberStepper);
