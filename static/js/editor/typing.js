import { isComposing } from "../lib/keys.js";
import { letterSize } from "./shapes.js";

const NARROWEST_PX = 140;

/** Open a field at a point of the picture; what was written when it was left, nothing after Escape. */
export function askForWords(stage, desk, point) {
  const field = document.createElement("input");
  field.className = "editor__words";
  field.setAttribute("aria-label", "Text on the picture. Enter keeps it, Escape gives it up.");
  field.maxLength = 200;
  const { view, layer } = desk;
  const { size, colour } = layer.settings;
  field.style.color = colour;
  field.style.fontSize = `${Math.max(16, letterSize(size) * view.scale)}px`;
  const left = Math.max(0, Math.min(point.x * view.scale + view.x, stage.clientWidth - NARROWEST_PX));
  field.style.left = `${left}px`;
  field.style.maxWidth = `${stage.clientWidth - left}px`;
  field.style.top = `${point.y * view.scale + view.y}px`;
  stage.append(field);
  // At once: phones bring their keyboard only while the touch that asked for it is being answered.
  field.focus({ preventScroll: true });
  return new Promise((resolve) => {
    const finish = ({ relatedTarget }) => {
      resolve(field.value);
      field.remove();
      if (!relatedTarget) stage.focus({ preventScroll: true });
    };
    field.addEventListener("blur", finish, { once: true });
    field.addEventListener("keydown", (event) => {
      // What an input method does with its keys is between it and the field.
      if (isComposing(event)) return event.stopPropagation();
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      if (event.key === "Escape") field.value = "";
      field.blur();
    });
  });
}
