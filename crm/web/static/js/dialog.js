// data-dialog="id" opens that <dialog>; data-close inside closes it. A page without the dialog follows the link or form.
// Focus goes back to what opened it; where that stood in a menu, which is closed by then, to the menu.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  const dialog = opener && document.getElementById(opener.dataset.dialog);
  if (dialog) {
    event.preventDefault();
    dialog.showModal();
    const menu = opener.closest("details[data-menu]")?.querySelector("summary");
    if (menu) dialog.addEventListener("close", () => menu.focus(), { once: true });
    return;
  }
  if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
});
