import { announce } from "../lib/notices.js";

const LEFT_FOR = "wall-left-for";

/** A wall that grows, and that is found again as it was left: as much of it, and where one was. */
class PictureWall extends HTMLElement {
  #known = 0;

  connectedCallback() {
    this.addEventListener("click", (event) => this.#leave(event));
    this.addEventListener("htmx:after:swap", () => this.#grow());
    this.#known = this.#tiles.length;
    this.#return();
  }

  get #tiles() {
    return this.querySelectorAll(".tile");
  }

  /** The link that asked for more is gone with the swap: the first new tile takes its focus. */
  #grow() {
    const tiles = this.#tiles;
    const grown = tiles.length - this.#known;
    if (!grown) return;
    history.replaceState(history.state, "", this.querySelector(".older").dataset.here);
    tiles[this.#known].focus({ preventScroll: true });
    announce(`${grown} more`);
    this.#known = tiles.length;
  }

  #leave(event) {
    const tile = event.target.closest(".tile");
    if (tile) sessionStorage.setItem(LEFT_FOR, tile.getAttribute("href"));
  }

  #return() {
    const left = sessionStorage.getItem(LEFT_FOR);
    if (performance.getEntriesByType("navigation")[0]?.type !== "back_forward") return;
    const tile = [...this.#tiles].find((each) => each.getAttribute("href") === left);
    tile?.focus();
  }
}

customElements.define("picture-wall", PictureWall);
