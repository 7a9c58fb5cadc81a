// The log form: day and time show once a day is picked, and picking a day or typing one chooses "Pick a day".
const form = document.getElementById("log-form");
const fields = form?.querySelector("[data-log-day]");

function refresh() {
  const chosen = form.elements.when.value;
  fields.hidden = chosen !== "day" && !form.elements.time_of_day.value;
  form.elements.day.hidden = chosen !== "day";
  if (chosen !== "day") form.elements.day.value = "";
}

if (fields) {
  form.addEventListener("change", (event) => {
    if (event.target.name === "when") {
      refresh();
      if (event.target.value === "day") form.elements.day.focus();
    } else if (event.target.name === "day" && event.target.value) {
      form.elements.when.value = "day";
      refresh();
    }
  });
  refresh();
}
