// The log form: day and time show once a day is picked, and picking a day or typing one chooses "Pick a day". What lies
// ahead has no outcome yet, so none is asked. A button of what was heard shows the next empty row, with its sort chosen.
const form = document.getElementById("log-form");
const fields = form?.querySelector("[data-log-day]");
const outcome = form?.querySelector("[data-outcome]"); // not asked where a device keeps the entry

const isAhead = () => form.elements.day.value > form.dataset.today;

function refresh() {
  const chosen = form.elements.when.value;
  fields.hidden = chosen !== "day" && !form.elements.time_of_day.value;
  form.elements.day.hidden = chosen !== "day";
  if (chosen !== "day") form.elements.day.value = "";
  if (!outcome) return;
  outcome.hidden = isAhead() && form.elements.outcome.value === "reached";
}

// Only whoever moves the day says that it is still to come: what was saved as another outcome stays so, and in sight.
let before = "";

function moved() {
  refresh();
  if (!outcome) return;
  if (isAhead()) before ||= form.elements.outcome.value;
  form.elements.outcome.value = isAhead() ? "reached" : before || form.elements.outcome.value;
  if (!isAhead()) before = "";
  refresh();
}

if (fields) {
  form.addEventListener("change", (event) => {
    if (event.target.name === "when") {
      moved();
      if (event.target.value === "day") form.elements.day.focus();
    } else if (event.target.name === "day" && event.target.value) {
      form.elements.when.value = "day";
      moved();
    }
  });
  refresh();
}

// What stands above the form shows how each text begins, and an address has no room for all of them.
const SHOWN = 80;
document.getElementById("will-save")?.addEventListener("htmx:config:request", (event) => {
  const { body } = event.detail.ctx.request;
  for (const [name, value] of [...body])
    if (name === "summary" || name.startsWith("heard_text")) body.set(name, [...value].slice(0, SHOWN).join(""));
});

const heard = form?.querySelector("[data-heard]");
const adds = [...(form?.querySelectorAll("[data-heard-add]") ?? [])];
const free = () => heard.querySelector(".heard-row:not([data-used])");

function add(sort) {
  const row = free();
  row.dataset.used = "";
  heard.open = true;
  row.querySelector("select").value = sort;
  row.querySelector("input").focus();
  for (const button of adds) button.disabled = !free();
}

function takeOut(row) {
  for (const field of row.querySelectorAll("input")) field.value = "";
  for (const error of row.querySelectorAll(".field-error")) error.remove();
  for (const field of row.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  delete row.dataset.used;
  for (const button of adds) button.disabled = false;
  adds[0].focus();
}

if (heard) {
  heard.dataset.ready = "";
  for (const button of adds) {
    button.disabled = !free();
    button.addEventListener("click", () => add(button.dataset.heardAdd));
  }
  heard.addEventListener("click", (event) => event.target.closest(".heard-remove") && takeOut(event.target.closest(".heard-row")));
}
