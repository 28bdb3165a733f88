/** What was asked before, newest first: the up arrow brings it back into an empty field. */
export class PromptHistory {
  #field;
  #place = -1;

  constructor(field) {
    this.#field = field;
  }

  /** True when the key was used. */
  walk(key) {
    const prompts = promptsAsked();
    const isWalking = this.#place >= 0 && this.#field.value === prompts[this.#place];
    if (!isWalking) this.#place = -1;
    if (!isWalking && (this.#field.value || key === "ArrowDown")) return false;
    const place = this.#place + (key === "ArrowUp" ? 1 : -1);
    if (place >= prompts.length) return isWalking;
    this.#place = place;
    this.#field.value = prompts[place] ?? "";
    this.#field.dispatchEvent(new Event("input", { bubbles: true }));
    return true;
  }
}

/** As they were written: a card without words shows a title that nobody wrote. */
function promptsAsked() {
  const cards = document.querySelectorAll("#stream [data-prompt]");
  return [...new Set([...cards].map((each) => each.dataset.prompt))].filter(Boolean);
}
