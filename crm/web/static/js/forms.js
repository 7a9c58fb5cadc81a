// A form that came back gives its summary the focus; a form being sent cannot be sent twice.
document.querySelector("[data-takes-focus]")?.focus();

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  const form = event.target;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "true";
  const button = event.submitter;
  if (button?.querySelector(".button-busy")) {
    button.style.minWidth = `${button.offsetWidth}px`;
    button.setAttribute("aria-busy", "true");
  }
});

// Coming back with the browser's own button finds the form usable again.
addEventListener("pageshow", (event) => {
  // What is sent from a page that was left is something else than what it sent before.
  if (event.persisted) for (const field of document.querySelectorAll("[name=once]")) field.value = crypto.randomUUID?.() ?? "";
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
});

// A select or radio group that narrows a list sends its form as soon as it changes.
document.addEventListener("change", (event) => event.target.closest("form[data-sends-itself]")?.requestSubmit());

// What a form that unfolds asks for has the focus, and is in view.
document.addEventListener(
  "toggle",
  (event) => {
    if (!event.target.open || !event.target.matches("[data-unfolds]")) return;
    const field = event.target.querySelector("textarea, input[type=text]") ?? event.target.querySelector("input, select");
    field.focus({ preventScroll: true });
    event.target.scrollIntoView({ block: "nearest" });
  },
  true,
);
