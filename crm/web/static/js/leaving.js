// A form with data-warns holds words that are easily lost: the browser asks before its page is left with something unsaved
// in it. data-warns="changed": it came back from the server with what was typed, which is saved nowhere yet.
const words = (form) =>
  JSON.stringify([...new FormData(form)].filter(([, value]) => typeof value === "string" && value));

const forms = [...document.querySelectorAll("form[data-warns]")].map((form) => ({ form, before: words(form) }));

// What was sent is saved: whoever comes back to the form by the browser's own button has nothing unsaved in it.
addEventListener("pagehide", () => {
  for (const one of forms.filter(({ form }) => form.dataset.sent)) {
    one.before = words(one.form);
    one.form.dataset.warns = "";
  }
});

addEventListener("beforeunload", (event) => {
  const unsaved = ({ form, before }) =>
    form.isConnected && !form.dataset.sent && (form.dataset.warns === "changed" || words(form) !== before);
  if (forms.some(unsaved)) event.preventDefault();
});
