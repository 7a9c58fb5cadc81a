// A form with data-bulk: ticking rows shows the bar of acts in [data-bulk-bar] and counts them. Its place is kept while
// it is away, so that no row moves from under a hand. Without scripts the bar is always there. X ticks the row that has focus.
import { count } from "./words.js";

const rows = (form) => [...form.querySelectorAll("input.row-select")];

function refresh(form) {
  const boxes = rows(form);
  const chosen = boxes.filter((box) => box.checked).length;
  const bar = form.querySelector("[data-bulk-bar]");
  bar?.classList.toggle("bulk-away", chosen === 0);
  for (const words of form.querySelectorAll("[data-bulk-count]")) words.textContent = count("selected", chosen);
  const all = form.querySelector("[data-bulk-all]");
  if (all) {
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  }
  document.body.classList.toggle("bulk-choosing", chosen > 0);
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-bulk]");
  if (!form) return;
  if (event.target.matches("[data-bulk-all]")) for (const box of rows(form)) box.checked = event.target.checked;
  refresh(form);
});

document.addEventListener("click", (event) => {
  const form = event.target.closest("[data-bulk-clear]")?.closest("form[data-bulk]");
  if (!form) return;
  for (const box of rows(form)) box.checked = false;
  refresh(form);
});

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "x" || event.ctrlKey || event.metaKey || localStorage.getItem("single-keys-off") === "yes") return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select")) return;
  const box = event.target.closest("tr, [data-key-item]")?.querySelector("input.row-select");
  if (!box) return;
  box.checked = !box.checked;
  box.dispatchEvent(new Event("change", { bubbles: true }));
});

for (const form of document.querySelectorAll("form[data-bulk]")) refresh(form);
