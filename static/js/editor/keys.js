import { hasSingleKeys, isCommand, isComposing, keyOf } from "../lib/keys.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const ZOOM = { "+": "in", "=": "in", "-": "out", 0: "fit", 1: "actual" };
const FIELDS = "textarea, select, input:not([type=radio], [type=range])";
const LONG_STEP = 5;

/** The editor's keys. Single letters never fire inside fields, and none reaches the page below. */
export class Keys {
  #stage;
  #desk;
  #panel;

  constructor(dialog, { stage, desk, panel, signal }) {
    this.#stage = stage;
    this.#desk = desk;
    this.#panel = panel;
    dialog.addEventListener("keydown", (event) => this.#down(event), { signal });
    dialog.addEventListener("keyup", (event) => this.#up(event), { signal });
    window.addEventListener("blur", () => this.#pan(false), { signal });
    stage.addEventListener("blur", () => this.#hideCursor(), { signal });
  }

  #down(event) {
    event.stopPropagation();
    if (isComposing(event)) return;
    if (event.key === "Tab" || ARROWS[event.key]) delete this.#stage.dataset.pointed;
    if (event.target.closest(FIELDS) || event.defaultPrevented) return;
    const isDone = isCommand(event) ? this.#steps(event) : this.#single(event);
    if (isDone) event.preventDefault();
  }

  #up(event) {
    event.stopPropagation();
    if (event.key === " ") this.#pan(false);
  }

  #steps(event) {
    const key = keyOf(event);
    if (key === "z" && !event.shiftKey) return this.#panel.undo();
    if (key === "y" || key === "z") return this.#panel.redo();
    return false;
  }

  #single(event) {
    const sign = keyOf(event);
    if (event.altKey && !event.getModifierState("AltGraph")) return false;
    if (event.target === this.#stage && this.#onStage(event)) return true;
    if (event.key === " ") return this.#space(event);
    // What is printed on the key goes before its place: a German "+" lies where others have "]".
    if ("[]{}".includes(sign)) return this.#bracket(event);
    if (ZOOM[sign]) return this.#panel.zoom(ZOOM[sign]);
    if (hasSingleKeys() && this.#panel.chooseByKey(sign)) return true;
    return event.code.startsWith("Bracket") && this.#bracket(event);
  }

  #onStage({ key, shiftKey }) {
    if (ARROWS[key]) {
      const [columns, rows] = ARROWS[key].map((step) => step * (shiftKey ? LONG_STEP : 1));
      this.#panel.say(this.#desk.step(columns, rows));
      return true;
    }
    if (key === "Enter") this.#panel.say(this.#desk.enter());
    else if (key === "Delete" || key === "Backspace") this.#panel.act("delete");
    else return false;
    return true;
  }

  /** Space keeps its meaning on buttons; anywhere else it lends the hand. */
  #space({ target }) {
    if (target.closest("button, summary") || target.matches("[type=radio]:not(:checked)")) return false;
    this.#pan(true);
    return true;
  }

  #bracket({ key, code, shiftKey }) {
    const isMore = key === "]" || key === "}" || (code === "BracketRight" && key !== "[" && key !== "{");
    this.#panel.nudge(shiftKey || key === "{" || key === "}" ? "hardness" : "size", isMore ? 1 : -1);
    return true;
  }

  #pan(isPanning) {
    this.#desk.isPanning = isPanning;
    this.#stage.classList.toggle("editor__stage--pans", isPanning);
  }

  #hideCursor() {
    this.#desk.giveUp();
    this.#desk.cursor.isShown = false;
    this.#desk.refresh();
  }
}
