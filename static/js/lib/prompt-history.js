/** What was asked before, newest first: the up arrow brings it back into an empty field. */
export class PromptHistory {
  #field;
  #place = -1;

  /** `field` gives the prompt's field, which may be another one later. */
  constructor(field) {
    this.#field = field;
  }

  /** True when the key was used. */
  walk(key) {
    const field = this.#field();
    const prompts = promptsAsked();
    const isWalking = this.#place >= 0 && field.value === prompts[this.#place];
    if (!isWalking) this.#place = -1;
    if (!isWalking && (field.value || key === "ArrowDown")) return false;
    const place = this.#place + (key === "ArrowUp" ? 1 : -1);
    if (place >= prompts.length) return isWalking;
    this.#place = place;
    field.value = prompts[place] ?? "";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    return true;
  }
}

/** As they were written: a card without words shows a title that nobody wrote. */
function promptsAsked() {
  const cards = document.querySelectorAll("#stream [data-prompt]");
  return [...new Set([...cards].map((each) => each.dataset.prompt))].filter(Boolean);
}
