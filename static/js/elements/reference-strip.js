import { LayerSlot } from "../lib/layer-slot.js";
import { isComposing } from "../lib/keys.js";
import { announce } from "../lib/notices.js";
import { PendingPicture } from "../lib/pending-picture.js";
import { PendingPictures } from "../lib/pending-pictures.js";
import { TileDrag } from "../lib/tile-drag.js";
import { takePictures } from "../lib/picture-sources.js";

const STEPS = { earlier: -1, later: 1 };
const KEYS = { ArrowLeft: "earlier", ArrowUp: "earlier", ArrowRight: "later", ArrowDown: "later", Delete: "remove" };

/**
 * The pictures that go along: added in every way, uploaded at once, put in order, taken out. What
 * is painted over the first one is dropped when another takes its place.
 */
class ReferenceStrip extends HTMLElement {
  #pending = new PendingPictures();
  #layer = new LayerSlot(this);
  #listening = null;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    const composer = this.closest("studio-composer");
    takePictures(composer, { signal, take: (sources, why) => this.#take(sources, why) });
    new TileDrag(this.#list, { signal, moved: (tile) => this.#moved(tile) });
    this.addEventListener("click", (event) => this.#click(event), { signal });
    this.addEventListener("keydown", (event) => this.#keydown(event), { signal });
    composer.addEventListener("click", (event) => this.#pick(event), { signal });
    document.addEventListener("studio:layer-ready", (event) => this.#layer.put(event.detail) && this.#changed(), { signal });
    document.addEventListener("htmx:after:swap", () => this.#settle(), { signal });
    window.addEventListener("online", () => this.#pending.retryAlone(), { signal });
    this.#settle();
  }

  disconnectedCallback() {
    this.#listening.abort();
  }

  /** What the chosen model takes, as the server said it last. */
  get limits() {
    return JSON.parse(this.querySelector("[data-limits]").dataset.limits);
  }

  get token() {
    return this.closest("form").elements.csrfmiddlewaretoken.value;
  }

  /** What a request waits for; where it takes no pictures, for nothing. */
  get obstacle() {
    return this.#isSetAside ? null : this.#pending.obstacle;
  }

  reasonAgainstOneMore(pending) {
    const { max_count: most, model } = this.limits;
    if (this.#tiles.length + this.#pending.countBeside(pending) < most) return "";
    if (most === 1) return "a variation is made of 1 picture. Remove the other one first, or choose Edit.";
    return `${model} takes up to ${most} pictures. Remove one, then try again.`;
  }

  arrived(pending, tile) {
    this.#pending.delete(pending);
    const twin = this.querySelector(`[data-upload="${tile.dataset.upload}"]`);
    if (twin) pending.tile.remove();
    else pending.tile.replaceWith(tile);
    announce(twin ? "That picture is there already." : `${tile.dataset.name} is added.`, { visible: Boolean(twin) });
    this.#changed();
  }

  failed(pending, words) {
    // The closed sheet of a phone has no room for the words.
    announce(words, { urgent: true, visible: !pending.tile.checkVisibility() });
    this.#count();
  }

  cancelled(pending) {
    this.#pending.delete(pending);
    pending.tile.remove();
    this.querySelector("#files").focus();
    this.#count();
  }

  get #isSetAside() {
    return document.getElementById("operation-generate").checked;
  }

  get #list() {
    return this.querySelector("#references");
  }

  get #tiles() {
    return [...this.#list.querySelectorAll("[data-upload]")];
  }

  #take(sources, why = "There is no picture in that.") {
    if (!sources.length) return announce(why, { urgent: true });
    for (const source of sources) {
      const pending = new PendingPicture(source, this);
      this.#pending.add(pending);
      this.querySelector("#reference-add").before(pending.tile);
      pending.send();
    }
    this.#chooseEdit();
    this.#count();
  }

  #chooseEdit() {
    const edit = document.getElementById("operation-edit");
    if (!this.#isSetAside || edit.disabled) return;
    // The button that sends means something else now, so it must not be under a waiting finger.
    if (document.activeElement.id === "send") document.getElementById("prompt").focus();
    edit.checked = true;
    edit.dispatchEvent(new Event("change", { bubbles: true }));
    announce("Edit is chosen, because there is a picture.", { visible: false });
  }

  #pick(event) {
    const id = event.target.closest("[data-pick]")?.dataset.pick;
    if (id) document.getElementById(id).click();
  }

  #click(event) {
    const button = event.target.closest("[data-act], [data-paint]");
    const tile = event.target.closest("[data-upload]");
    // A tile that is tapped shows its buttons.
    if (!button) return tile?.querySelector("[data-act]").focus();
    // Without script these send the form; here the page does it by itself.
    event.preventDefault();
    if (button.dataset.paint) this.#layer.paint(button.dataset.paint, this.#tiles[0]);
    else this.#act(button.dataset.act, tile, button);
  }

  #keydown(event) {
    const tile = event.target.closest("#references > [data-upload]");
    const act = KEYS[event.key];
    if (!tile || !act || isComposing(event)) return;
    event.preventDefault();
    this.#act(act, tile, event.target);
  }

  #act(act, tile, button) {
    if (act === "remove") return this.#remove(tile);
    const tiles = this.#tiles;
    const neighbour = tiles[tiles.indexOf(tile) + STEPS[act]];
    if (!neighbour) return;
    if (act === "earlier") neighbour.before(tile);
    else neighbour.after(tile);
    // At either end the way on is gone, and the cursor must not be.
    (button.checkVisibility() ? button : tile.querySelector('[data-act="remove"]')).focus();
    this.#moved(tile);
  }

  #moved(tile) {
    const tiles = this.#tiles;
    announce(`${tile.dataset.name} is picture ${tiles.indexOf(tile) + 1} of ${tiles.length}.`, { visible: false });
    this.#changed();
  }

  #remove(tile) {
    const tiles = this.#tiles;
    const next = tiles[tiles.indexOf(tile) + 1] ?? tiles[tiles.indexOf(tile) - 1];
    const isLayer = tile === this.#layer.tile;
    tile.remove();
    announce(isLayer ? "Removed." : `${tile.dataset.name} is removed.`, { visible: false });
    (isLayer ? tiles[0] : next)?.querySelector("[data-act]")?.focus();
    if (!this.contains(document.activeElement)) this.querySelector("#files").focus();
    this.#changed();
  }

  #changed() {
    this.#settle();
    this.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /** After any change, a swap by the server too: order, number and layer agree again. */
  #settle() {
    this.#pending.putBack(this.querySelector("#reference-add"));
    this.#layer.settle(this.#tiles[0]?.dataset.upload ?? "");
    this.#count();
  }

  #count() {
    const { max_count: most } = this.limits;
    const { length } = this.#tiles;
    this.querySelector("[data-count]").textContent = length ? `${length} of ${most}` : "";
    this.toggleAttribute("data-full", length >= most);
    this.#advise(this.#isSetAside ? "" : this.#pending.advice);
  }

  /** Beside the button that sends, where it is seen in a phone's closed sheet too. */
  #advise(words) {
    const advice = document.getElementById("composer-advice");
    advice.hidden = !words;
    advice.querySelector("span").textContent = words;
  }
}

customElements.define("reference-strip", ReferenceStrip);
