// A toast can be closed; one without Undo leaves by itself unless somebody is reading it.
const PATIENCE = 8000;

function leaveLater(toast) {
  if (toast.querySelector("form") || toast.dataset.leaving) return;
  toast.dataset.leaving = "true";
  const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, PATIENCE) : toast.remove());
  setTimeout(leave, PATIENCE);
}

const region = document.getElementById("toasts");

// The same as the server's, made from the page's own pattern.
export function toast(words, undo, kind = "done") {
  const made = document.getElementById(`toast-${kind}`)?.content.firstElementChild.cloneNode(true);
  if (!made) return;
  made.querySelector("span").textContent = words;
  if (undo) made.querySelector("form").action = undo;
  else made.querySelector("form")?.remove();
  region.append(made);
}

region?.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) event.target.closest("[data-toast]").remove();
});

if (region) {
  const watch = () => region.querySelectorAll("[data-toast]").forEach(leaveLater);
  new MutationObserver(watch).observe(region, { childList: true });
  watch();
}
