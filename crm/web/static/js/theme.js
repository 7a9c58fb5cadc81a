// The manual override of light and dark. It lives in a cookie, so that the server writes it into the first byte.
import { say } from "./words.js";

const root = document.documentElement;
const chosen = /(?:^|; )theme=(light|dark)/.exec(document.cookie)?.[1];
if (chosen) root.dataset.theme = chosen; // a page that a device kept was written without the cookie
const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);

function name() {
  for (const words of document.querySelectorAll("[data-theme-words]")) words.textContent = say(dark() ? "light" : "dark");
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-theme-toggle]")) return;
  root.dataset.theme = dark() ? "light" : "dark";
  document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
  name();
});

name();
