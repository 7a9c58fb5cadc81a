// Rows of emails, phones, addresses and dates: a press on [data-add-row] shows the spare row, then makes another like it.
// Without scripts the spare row is simply there.
function another(rows) {
  const spare = rows.querySelector(".way-spare");
  if (spare) {
    spare.classList.remove("way-spare");
    return spare;
  }
  const all = rows.querySelectorAll(".way-row");
  const last = all[all.length - 1];
  const row = last.cloneNode(true);
  for (const field of row.querySelectorAll("input, textarea, select")) {
    field.removeAttribute("id");
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
    field.setAttribute("aria-label", field.getAttribute("aria-label").replace(/\d+/, all.length + 1));
    if (field.matches("select")) field.selectedIndex = 0;
    else field.value = "";
  }
  last.after(row);
  return row;
}

document.addEventListener("click", (event) => {
  const rows = event.target.closest("[data-add-row]")?.closest(".way-rows");
  if (rows) another(rows).querySelector("input, textarea, select").focus();
});
