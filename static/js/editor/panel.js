import { wholeNumber } from "../lib/digits.js";
import { SizeScale } from "./sizes.js";

const ACTS = { all: "Everything selected", clear: "Cleared", invert: "Inverted", delete: "Deleted" };
const ZOOM_STEP = 1.25;
const HARDNESS_STEP = 10;

/** The tools and settings around the picture: reads them, and shows what the layer says. */
export class Panel {
  #dialog;
  #role;
  #desk;
  #picture;
  #sizes;

  constructor(dialog, { role, picture, desk, signal }) {
    this.#dialog = dialog;
    this.#role = role;
    this.#desk = desk;
    this.#picture = picture;
    this.#sizes = new SizeScale(role, picture);
    dialog.addEventListener("change", (event) => this.#change(event), { signal });
    dialog.addEventListener("input", (event) => this.#input(event.target), { signal });
    dialog.addEventListener("click", (event) => this.#click(event), { signal });
    this.#holdToCompare(signal);
    this.#begin();
  }

  say(text) {
    this.#one("[data-say]").textContent = text;
  }

  undo() {
    return this.#step("undo", "Undone");
  }

  redo() {
    return this.#step("redo", "Redone");
  }

  act(name) {
    const before = this.#layer.words;
    this.#layer.act(name);
    if (name !== "delete" || this.#layer.words !== before) this.say(`${ACTS[name]}. ${this.#layer.words}.`);
  }

  zoom(name) {
    const { view } = this.#desk;
    if (name === "in") view.zoomBy(ZOOM_STEP);
    else if (name === "out") view.zoomBy(1 / ZOOM_STEP);
    else view[name]();
    return true;
  }

  chooseByKey(key) {
    const radio = this.#mine(`[data-key="${CSS.escape(key)}"]`)[0];
    if (!radio) return false;
    radio.checked = true;
    this.#chooseTool(radio);
    return true;
  }

  /** A step of a setting up or down, by key. */
  nudge(name, direction) {
    const [input] = this.#mine(`[data-setting="${name}"]`);
    if (!input) return;
    const { settings } = this.#layer;
    const value = name === "size"
      ? this.#sizes.next(settings.size, direction)
      : Math.min(100, Math.max(0, settings.hardness + direction * HARDNESS_STEP));
    this.#layer.set(name, value);
    input.value = name === "size" ? this.#sizes.position(value) : value;
    this.#showSettings();
    this.say(`${input.labels[0].textContent.trim()}: ${input.getAttribute("aria-valuetext")}`);
  }

  /** Called whenever the layer or the view changed. */
  refresh() {
    const { history } = this.#layer;
    this.#one("[data-do=undo]").disabled = !history.canUndo;
    this.#one("[data-do=redo]").disabled = !history.canRedo;
    this.#one("[data-status]").textContent = this.#layer.words;
    this.#one("[data-percent]").textContent = `${this.#desk.view.percent} %`;
    for (const button of this.#mine("[data-act=delete]")) button.disabled = !this.#layer.selected;
  }

  get #layer() {
    return this.#desk.layer;
  }

  #one(selector) {
    return this.#dialog.querySelector(selector);
  }

  #mine(selector) {
    return this.#dialog.querySelectorAll(`[data-for="${this.#role}"] :is(${selector})`);
  }

  #begin() {
    for (const part of this.#dialog.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== this.#role;
    for (const input of this.#mine("input")) {
      if (input.type === "radio") input.checked = input.defaultChecked;
      else input.value = input.defaultValue;
    }
    for (const input of this.#mine("[data-setting=size]")) input.value = this.#sizes.position(this.#sizes.first);
    for (const input of this.#mine("[data-setting]")) if (input.type !== "radio" || input.checked) this.#input(input);
    this.#chooseTool(this.#mine("[data-tool]:checked")[0]);
  }

  #change({ target }) {
    if (target.dataset.tool) this.#chooseTool(target);
    if (target.type === "radio" && target.dataset.setting) this.#input(target);
  }

  #input({ dataset: { setting }, type, value }) {
    if (!setting) return;
    if (setting === "step") this.#desk.cursor.step_percent = Number(value);
    else this.#layer.set(setting, this.#valueOf(setting, type, value));
    this.#showSettings();
    this.#desk.refresh();
  }

  #valueOf(setting, type, value) {
    if (setting === "size") return this.#sizes.size(value);
    if (setting === "feather") return Math.round((this.#sizes.edge * value) / 100);
    if (setting === "adds") return value === "add";
    return type === "radio" ? value : Number(value);
  }

  #showSettings() {
    const { size, hardness, feather } = this.#layer.settings;
    const words = { size: `${size} px`, hardness: `${hardness} %`, feather: `${feather} px` };
    for (const input of this.#mine("[type=range]")) {
      const text = words[input.dataset.setting] ?? `${input.value} %`;
      input.setAttribute("aria-valuetext", text);
      input.parentElement.querySelector("[data-value]").textContent = text;
    }
  }

  #chooseTool(radio) {
    this.#desk.giveUp();
    this.#desk.tool = radio.dataset.tool;
    for (const part of this.#mine("[data-tools]")) part.hidden = !part.dataset.tools.includes(radio.dataset.tool);
    for (const hint of this.#mine("[data-hint]")) hint.textContent = radio.dataset.says;
  }

  #click(event) {
    const { do: verb, act, zoom, box } = event.target.closest("button")?.dataset ?? {};
    if (verb === "undo") this.undo();
    if (verb === "redo") this.redo();
    if (verb === "settings") this.#fold(event.target.closest("button"));
    if (act) this.act(act);
    if (zoom) this.zoom(zoom);
    if (box) this.#rectangle(box === "add");
    // After a press with the pointer the keys are the picture's again, Space above all.
    const isPointed = event.detail > 0 && event.target.closest("[data-tool], [data-act], [data-zoom], [data-do=undo], [data-do=redo]");
    if (isPointed) this.#one("[data-stage]").focus({ preventScroll: true });
  }

  #fold(button) {
    button.setAttribute("aria-expanded", this.#dialog.classList.toggle("editor--open"));
  }

  /** A rectangle by numbers, cut to the picture. */
  #rectangle(adds) {
    const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => wholeNumber(this.#one(`[data-box-${name}]`).value) || 0);
    if (width <= 0 || height <= 0) return this.say("Give the rectangle a width and a height.");
    const isChanged = this.#layer.rectangle({ x, y, width, height }, adds);
    this.say(isChanged ? `${adds ? "Added" : "Taken away"}. ${this.#layer.words}.` : `Nothing changed. ${this.#layer.words}.`);
  }

  #step(name, words) {
    const { history } = this.#layer;
    if (!(name === "undo" ? history.canUndo : history.canRedo)) return true;
    this.#layer[name]();
    this.say(`${words}. ${this.#layer.words}.`);
    return true;
  }

  #holdToCompare(signal) {
    const button = this.#one("[data-compare]");
    const hide = (isHidden) => {
      button.setAttribute("aria-pressed", isHidden);
      this.#desk.isInkHidden = isHidden;
    };
    button.addEventListener("pointerdown", () => hide(true), { signal });
    button.addEventListener("keydown", ({ key }) => (key === " " || key === "Enter") && hide(true), { signal });
    for (const name of ["pointerup", "pointercancel", "pointerleave", "keyup", "blur"]) {
      button.addEventListener(name, () => hide(false), { signal });
    }
  }
}
