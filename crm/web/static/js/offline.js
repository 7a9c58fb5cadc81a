// The connection as a page shows it: a strip while there is none or entries wait, a word once they are saved, and nothing
// sent into the void. All of it needs https or localhost, and is silent elsewhere.
import { entries, forgetOwner, listen, setOwner } from "./device.js";
import { send } from "./sending.js";
import { toast } from "./toast.js";
import { count, say } from "./words.js";

const AGAIN = 20_000;
const works = isSecureContext && "serviceWorker" in navigator && "locks" in navigator;
const strip = document.getElementById("offline");
let kept = [];
let timer;

function words() {
  const waiting = kept.filter((entry) => entry.state === "waiting").length;
  const refused = kept.filter((entry) => entry.state === "refused").length;
  if (!navigator.onLine) return waiting ? count("offlineKept", waiting) : say("offlineKeeps");
  if (refused) return count("refused", refused);
  return waiting ? count("waiting", waiting) : "";
}

async function refresh() {
  kept = await entries();
  const said = words();
  strip.hidden = !said;
  strip.querySelector("[data-offline-words]").textContent = said;
  for (const hint of document.querySelectorAll("[data-when-offline]")) hint.hidden = navigator.onLine;
  strip.querySelector("a").hidden = location.pathname === "/log/kept" || !kept.length;
  const waits = kept.some((entry) => entry.state === "waiting");
  clearTimeout(timer);
  if (waits) timer = setTimeout(sendNow, AGAIN);
}

async function sendNow() {
  if (navigator.onLine) await send();
  await refresh();
}

function hear(news) {
  if (news.state === "saved" && news.words && document.visibilityState === "visible") toast(say("back", { words: news.words }), news.undo);
  refresh();
}

// What an entry is called in the list of what is kept.
function label(form) {
  const line = form.elements.line?.value;
  if (line) return `“${line}”`;
  const way = form.querySelector("[name=channel]:checked")?.closest("label")?.querySelector("[title]")?.title.replace(/ \(.*/, "");
  const names = [...form.querySelectorAll(".token")].map((token) => token.textContent.trim());
  const who = [...names, form.elements.who?.value.trim()].filter(Boolean).join(", ");
  const how = way || say("something");
  return who ? say("withWhom", { way: how, who }) : how;
}

function name(form) {
  const field = form.elements.label ?? Object.assign(document.createElement("input"), { type: "hidden", name: "label" });
  field.value = label(form);
  form.append(field);
}

document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (works && navigator.onLine && form.getAttribute("action") === "/sign-out") return signOut(event);
    if (form.matches("[data-keeps]") && navigator.serviceWorker?.controller) return name(form);
    if (navigator.onLine) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    toast(say("offline"), null, "error");
  },
  true,
);

// Signing out clears the device; where entries wait it asks first.
function signOut(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
  const dialog = document.getElementById("sign-out-kept");
  const unsaved = kept.filter((entry) => entry.state !== "saved").length;
  if (!unsaved || dialog.open) return forgetOwner().finally(() => event.target.submit());
  dialog.querySelector("[data-kept-count]").textContent = count("unsaved", unsaved);
  dialog.showModal();
}

async function start() {
  const { owner } = document.body.dataset;
  if (owner) {
    await setOwner(owner);
    await navigator.serviceWorker.register(new URL("service-worker.js", import.meta.url), { type: "module", scope: "/" });
  }
  listen(hear);
  for (const change of ["online", "offline"]) addEventListener(change, change === "online" ? sendNow : refresh);
  await sendNow();
}

if (works && strip) start().catch(() => {}); // Private windows may refuse storage: everything works as without this.
