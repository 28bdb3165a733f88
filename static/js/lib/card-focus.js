import { announce } from "./notices.js";

/** When a button goes away under the focus, the focus stays at its card and not at the page's top. */
export class CardFocus {
  // The last form that was sent by a button which had the focus, and its card.
  #form = null;
  #card = null;

  ask(form) {
    const card = form.closest("article[data-state]");
    if (card?.contains(document.activeElement)) [this.#form, this.#card] = [form, card];
  }

  /** After any change of the cards: the verb may have taken its own button away. */
  settle() {
    if (!this.#form || this.#form.isConnected || !isNowhere()) return;
    focusTitle(this.#card);
    announce(this.#card.querySelector(".badge").textContent.trim(), { visible: false });
    this.#form = this.#card = null;
  }

  /** For a change that nobody asked for just now. */
  async keep(card, change) {
    const hadFocus = card.contains(document.activeElement);
    await change();
    if (hadFocus && isNowhere()) focusTitle(card);
  }
}

function isNowhere() {
  return !document.activeElement || document.activeElement === document.body;
}

/** Not the link in it, which a second Enter would follow. */
function focusTitle(card) {
  card.querySelector(".card__prompt")?.focus({ preventScroll: true });
}
