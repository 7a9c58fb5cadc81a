import { day } from "./manner.js";
import { say } from "./words.js";

// The slider of the health page says which day it stands on while it is moved, and goes there when a hand lets go of it.
// Moved by keys it only says so: its button goes there.
for (const slider of document.querySelectorAll("[data-weeks-back]")) {
  const words = slider.form.querySelector("[data-weeks-back-words]");
  let byHand = false;
  slider.addEventListener("pointerdown", () => (byHand = true));
  slider.addEventListener("keydown", () => (byHand = false));
  slider.addEventListener("change", () => byHand && slider.form.requestSubmit());
  slider.addEventListener("input", () => {
    words.textContent = Number(slider.value) ? dayOf(slider) : say("today");
    slider.setAttribute("aria-valuetext", words.textContent);
  });
}

function dayOf(slider) {
  const found = new Date(`${slider.dataset.weeksBack}T12:00:00Z`);
  found.setUTCDate(found.getUTCDate() - 7 * Number(slider.value));
  return day(found, { year: true, timeZone: "UTC" });
}
