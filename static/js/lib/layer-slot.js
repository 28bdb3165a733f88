import { loadEditor } from "./editor-loader.js";
import { announce } from "./notices.js";

const WORDS = { mask: "mask", markup: "drawing" };
const MADE = { mask: "painted", markup: "made" };

/** What is painted over the first picture: one layer at most, gone when that picture changes. */
export class LayerSlot {
  #strip;
  #base = "";

  constructor(strip) {
    this.#strip = strip;
  }

  get tile() {
    return this.#strip.querySelector("#reference-layer > [data-upload]");
  }

  /** Ask the editor to open; it answers with `studio:layer-ready`. */
  paint(role, first) {
    const { upload, url, width, height } = first.dataset;
    const layerUrl = this.tile?.dataset.role === role ? this.tile.dataset.url : "";
    const detail = { role, upload, url, width: Number(width), height: Number(height), layerUrl };
    document.dispatchEvent(new CustomEvent("studio:edit-layer", { detail }));
  }

  /** The service takes a mask or a drawing, so each replaces the other. True when it was taken. */
  put({ role, upload, html }) {
    if (upload !== this.#base) {
      announce(`The ${WORDS[role]} was ${MADE[role]} for another picture and was left out.`);
      return false;
    }
    const tile = new DOMParser().parseFromString(html, "text/html").querySelector("[data-upload]");
    this.#strip.querySelector("#reference-layer").replaceChildren(tile);
    tile.querySelector("[data-paint]")?.focus();
    return true;
  }

  settle(base) {
    const { tile } = this;
    if (tile && this.#base && base !== this.#base) {
      tile.remove();
      announce(`The ${WORDS[tile.dataset.role]} is gone: it was made for another first picture.`);
    }
    this.#base = base;
    if (base) loadEditor();
  }
}
