import { OWN_DRAG } from "./picture-sources.js";

/** Tiles of a list change places under the mouse; fingers and keys use their buttons. */
export class TileDrag {
  #list;
  #tile = null;

  constructor(list, { signal, moved }) {
    this.#list = list;
    list.addEventListener("dragstart", (event) => this.#start(event), { signal });
    list.addEventListener("dragover", (event) => this.#over(event), { signal });
    list.addEventListener("drop", (event) => this.#tile && event.preventDefault(), { signal });
    list.addEventListener("dragend", () => this.#end(moved), { signal });
  }

  #start(event) {
    this.#tile = event.target.closest("[data-upload]");
    if (!this.#tile) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData(OWN_DRAG, this.#tile.dataset.upload);
    this.#tile.dataset.dragged = "";
  }

  #over(event) {
    const other = event.target.closest("[data-upload]");
    if (!this.#tile) return;
    event.preventDefault();
    if (!other || other === this.#tile || other.parentElement !== this.#list) return;
    const isBefore = this.#tile.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_PRECEDING;
    if (isBefore) other.before(this.#tile);
    else other.after(this.#tile);
  }

  #end(moved) {
    const tile = this.#tile;
    this.#tile = null;
    if (!tile) return;
    delete tile.dataset.dragged;
    moved(tile);
  }
}
