// Single keys. An element says which keys reach it by data-shortcut ("l", "/", "g w", "d"); a link or button is
// followed, a field is focused. In lists with data-key-list, J and K move and the current item's keys are tried first.
const SWITCH = "single-keys-off";
let first = "";

const off = () => localStorage.getItem(SWITCH) === "yes";
const typing = (target) => target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
const shown = (element) => element.checkVisibility?.() ?? true;

function find(keys) {
  const current = document.querySelector("[data-key-item][data-current=true]");
  const selector = `[data-shortcut="${CSS.escape(keys)}"]`;
  const all = [...(current?.querySelectorAll(selector) ?? []), ...document.querySelectorAll(selector)];
  return all.find((element) => !element.closest("[data-key-item]") || current?.contains(element));
}

function reach(element) {
  if (element.matches("input, select, textarea")) {
    if (shown(element)) element.focus();
    else return false;
  } else if (element.tagName === "SUMMARY") {
    element.parentElement.open = true;
    element.focus();
  } else element.click();
  return true;
}

function move(step) {
  const items = [...document.querySelectorAll("[data-key-item]")];
  if (!items.length) return false;
  const at = items.findIndex((item) => item.dataset.current === "true");
  const next = items[Math.min(items.length - 1, Math.max(0, at + step))];
  for (const item of items) delete item.dataset.current;
  next.dataset.current = "true";
  next.scrollIntoView({ block: "nearest" });
  (next.querySelector("a, button") ?? next).focus({ preventScroll: true });
  return true;
}

function act(key) {
  if (key === "?") {
    document.getElementById("keys")?.showModal();
    return true;
  }
  const keys = first ? `${first} ${key}` : key;
  first = "";
  const element = find(keys);
  if (element) return reach(element);
  if (keys === "j" || keys === "k") return move(keys === "j" ? 1 : -1);
  if (keys === "/") document.querySelector(".find-link")?.click();
  if (keys === "g") {
    first = "g";
    setTimeout(() => (first = ""), 1200);
    return true;
  }
  return false;
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
    const form = event.target.closest("form") ?? document.querySelector("form[data-saves]");
    const another = event.shiftKey ? form?.querySelector("[data-save-another]") : null;
    if (form?.matches("[data-saves]")) form.requestSubmit(another ?? form.querySelector("[data-save]") ?? undefined);
    return;
  }
  const modified = event.ctrlKey || event.metaKey || event.altKey;
  if (modified || event.defaultPrevented || off() || typing(event.target) || document.querySelector("dialog[open]")) return;
  if (act(event.key.length === 1 ? event.key.toLowerCase() : event.key)) event.preventDefault();
});

for (const box of document.querySelectorAll("[data-keys-switch]")) {
  box.checked = !off();
  box.addEventListener("change", () => localStorage.setItem(SWITCH, box.checked ? "no" : "yes"));
}
