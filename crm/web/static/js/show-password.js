// A button with data-show=ID shows what is typed in that password field, and hides it again before it is sent.
import { say } from "./words.js";

function set(button, shown) {
  const input = document.getElementById(button.dataset.show);
  if (!input) return;
  input.type = shown ? "text" : "password";
  button.textContent = say(shown ? "hide" : "show");
  button.setAttribute("aria-pressed", shown);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-show]");
  if (button) set(button, button.getAttribute("aria-pressed") !== "true");
});

document.addEventListener("submit", (event) => {
  for (const button of event.target.querySelectorAll("[data-show]")) set(button, false);
});
