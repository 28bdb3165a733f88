import { wholeNumber } from "../lib/digits.js";

const MEGAPIXEL = 1_000_000;
const DIGITS = { minimumFractionDigits: 2, maximumFractionDigits: 2 };

/** Width and height: they snap to the model's step when left, and say their area as it changes. */
class SizeFields extends HTMLElement {
  #listening = null;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.addEventListener("input", () => this.#tell(), { signal });
    // In the capturing phase: whoever asks the server next sees what it has snapped to.
    this.addEventListener("change", (event) => this.#snap(event.target), { signal, capture: true });
    this.addEventListener("click", (event) => this.#click(event), { signal });
  }

  disconnectedCallback() {
    this.#listening.abort();
  }

  get #fields() {
    return [this.querySelector("#width"), this.querySelector("#height")];
  }

  #snap(field) {
    const step = Number(this.dataset.step);
    const wished = wholeNumber(field.value);
    if (wished > 0) field.value = Math.max(step, Math.round(wished / step) * step);
    this.#tell();
  }

  #tell() {
    const [width, height] = this.#fields.map((field) => wholeNumber(field.value));
    const area = (width * height) / MEGAPIXEL;
    const words = area > 0 ? `${area.toLocaleString("en", DIGITS)} megapixels` : "";
    this.querySelector("[data-area]").textContent = words;
  }

  #click(event) {
    const [width, height] = this.#fields;
    const { take } = event.target.closest("[data-take]")?.dataset ?? {};
    if (take) [width.value, height.value] = take.split("x");
    else if (event.target.closest("[data-swap]")) [width.value, height.value] = [height.value, width.value];
    else return;
    this.#tell();
    width.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

customElements.define("size-fields", SizeFields);
