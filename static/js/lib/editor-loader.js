import { announceFailure } from "./notices.js";

/** The editor is as large as all other scripts, and of use once there is a picture to paint on. */
export async function loadEditor() {
  try {
    await import("../elements/layer-editor.js");
    return true;
  } catch {
    return false; // Offline; the next try asks again.
  }
}

/** Who asks for the editor before it is here is heard again when it has come. */
export function bringEditorWhenAsked() {
  document.addEventListener("studio:edit-layer", async ({ detail }) => {
    if (customElements.get("layer-editor")) return;
    if (await loadEditor()) document.dispatchEvent(new CustomEvent("studio:edit-layer", { detail }));
    else announceFailure();
  });
}
