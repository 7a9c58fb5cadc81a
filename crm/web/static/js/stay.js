// What is answered on a page leads back to it: it is shown as far down as it was, not from its top.
const KEPT = "in-person-stay";

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  sessionStorage.setItem(KEPT, JSON.stringify({ path: location.pathname, top: scrollY }));
});

const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
sessionStorage.removeItem(KEPT);
if (kept.path === location.pathname && !location.hash && !document.querySelector("[data-takes-focus]")) scrollTo(0, kept.top);
