// Minus and plus beside a number; the number's own limits hold.
document.addEventListener("click", (event) => {
  const step = event.target.closest("[data-step]");
  const input = step?.closest("[data-stepper]")?.querySelector("input");
  if (!input) return;
  if (step.dataset.step > 0) input.stepUp();
  else input.stepDown();
  input.dispatchEvent(new Event("change", { bubbles: true }));
});
