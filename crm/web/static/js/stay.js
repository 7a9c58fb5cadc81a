// What is answered within data-stays, or undone in a toast, leads back to the same page: it is shown as far down as it was.
const KEPT = "in-person-stay";

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || !event.target.closest("[data-stays], #toasts")) return;
  sessionStorage.setItem(KEPT, JSON.stringify({ path: location.pathname, top: scrollY }));
});

const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
sessionStorage.removeItem(KEPT);
if (kept.path === location.pathname && !location.hash && !document.querySelector("[data-takes-focus]")) scrollTo(0, kept.top);
