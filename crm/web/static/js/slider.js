// The slider of the health page says which day it stands on while it is moved.
for (const slider of document.querySelectorAll("[data-weeks-back]")) {
  const words = slider.form.querySelector("[data-weeks-back-words]");
  slider.addEventListener("input", () => {
    const day = new Date(`${slider.dataset.weeksBack}T12:00:00Z`);
    day.setUTCDate(day.getUTCDate() - 7 * Number(slider.value));
    const date = { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" };
    words.textContent = Number(slider.value) ? day.toLocaleDateString(document.documentElement.lang, date) : "Today";
  });
}
