// While the channel picker has focus, the digits 1 to 0 choose a channel.
document.addEventListener("keydown", (event) => {
  const picker = event.target.closest?.("[data-channel-picker]");
  if (!picker || event.ctrlKey || event.metaKey || event.altKey) return;
  const choice = /^[0-9]$/.test(event.key) && picker.querySelector(`[data-digit="${event.key}"]`);
  if (!choice) return;
  event.preventDefault();
  choice.checked = true;
  choice.focus();
  choice.dispatchEvent(new Event("change", { bubbles: true }));
});
