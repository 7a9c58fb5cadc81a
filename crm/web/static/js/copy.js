// A button with data-copy=ID copies the words of that element, or at least selects them; one with data-share=ID, where the
// browser can, hands them to another program.
import { say } from "./words.js";

async function copied(element) {
  getSelection().selectAllChildren(element);
  try {
    await navigator.clipboard.writeText(element.textContent);
    return true;
  } catch {
    return document.execCommand("copy"); // the only way on plain http
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const said = button.parentElement.querySelector("[role=status]");
  said.textContent = say((await copied(document.getElementById(button.dataset.copy))) ? "copied" : "copyThis");
});

for (const button of document.querySelectorAll("[data-share]")) {
  button.hidden = !navigator.share;
  button.addEventListener("click", () => {
    const url = document.getElementById(button.dataset.share).textContent;
    navigator.share({ url }).catch(() => {}); // whoever closes the panel again shares nothing
  });
}
