/** System, light or dark; kept in this browser, applied before the first paint by early.js. */
class ThemeSwitch extends HTMLElement {
  connectedCallback() {
    const chosen = this.querySelector(`[value="${this.#read()}"]`);
    if (chosen) chosen.checked = true;
    this.addEventListener("change", this.#choose);
  }

  disconnectedCallback() {
    this.removeEventListener("change", this.#choose);
  }

  #choose = (event) => {
    const theme = event.target.value;
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem("theme", theme);
    } catch {
      // Without storage the choice lasts as long as the page.
    }
  };

  #read() {
    try {
      return localStorage.getItem("theme") ?? "system";
    } catch {
      return "system";
    }
  }
}

customElements.define("theme-switch", ThemeSwitch);
