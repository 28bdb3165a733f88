import { announce } from "./notices.js";

const RENEWED = ["key", "parent"];

/** One request on its way. Whoever goes on working meanwhile keeps the form as it is then. */
export class Sending {
  #sent = "";

  get isOn() {
    return this.#sent !== "";
  }

  begin(form) {
    this.#sent = stateOf(form);
  }

  end() {
    this.#sent = "";
  }

  /**
   * The answer would put back the form as it was sent. True when that is no longer the form's state:
   * then only its id is renewed, and what was refused is said.
   */
  spares(form, tasks) {
    const task = tasks.find(({ fragment }) => fragment.querySelector("#composer"));
    if (!task || stateOf(form) === this.#sent) return false;
    const fresh = task.fragment.querySelector("#composer");
    task.swapSpec = { ...task.swapSpec, style: "none" };
    for (const name of RENEWED) form.elements[name].value = fresh.elements[name].value;
    const mistakes = [...fresh.querySelectorAll("#problems li")].map((each) => each.textContent.trim());
    if (mistakes.length) announce(`Not sent, nothing was spent. ${mistakes.join(" ")}`, { urgent: true });
    return true;
  }
}

/** All that a person can change; files are taken in one by one before they would be sent. */
function stateOf(form) {
  const entries = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "csrfmiddlewaretoken");
  return JSON.stringify(entries);
}
