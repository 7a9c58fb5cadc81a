// Where the browser can put this on the home screen, the account menu offers it.
let asks;

addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  asks = event;
  for (const button of document.querySelectorAll("[data-install]")) button.hidden = false;
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-install]");
  if (!button || !asks) return;
  await asks.prompt();
  button.hidden = true;
});
