// The page of what is kept on this device: every entry with its state, and how to mend it or take it off.
import { entries, forget, listen } from "./device.js";
import { day, time } from "./manner.js";
import { say } from "./words.js";

const list = document.getElementById("kept-entries");
const form = document.getElementById("log-form");
const dialog = document.getElementById("take-off");

const copy = (selector) => document.querySelector(`template${selector}`)?.content.cloneNode(true) ?? "";

function when(moment) {
  const then = new Date(moment);
  const isToday = then.toDateString() === new Date().toDateString();
  return `${isToday ? say("today") : day(then, { weekday: true })}, ${time(then)}`;
}

// Mending is the log form itself, with everything that was typed.
function mend(entry) {
  const mending = Object.assign(document.createElement("form"), { method: "post", action: entry.sort === "line" ? "/log/line" : "/log", hidden: true });
  mending.dataset.keeps = "";
  const about = { once: entry.key, written_at: entry.written_at, label: entry.label };
  for (const [name, value] of [...entry.fields, ...Object.entries(about)]) {
    mending.append(Object.assign(document.createElement("textarea"), { name, value }));
  }
  document.body.append(mending);
  mending.submit();
}

function takeOff(entry) {
  dialog.querySelector("[data-kept-label]").textContent = entry.label;
  dialog.querySelector("[data-take-off]").onclick = () => forget(entry.key).then(() => dialog.close());
  dialog.showModal();
}

function row(entry) {
  const made = copy("#kept-entry").firstElementChild;
  const part = (name) => made.querySelector(`[data-kept-${name}]`);
  part("mark").append(copy(`[data-mark="${CSS.escape(entry.channel)}"]`) || copy(`[data-mark="line"]`));
  part("label").textContent = entry.label;
  part("when").textContent = when(entry.written_at);
  part("reason").textContent = entry.state === "refused" ? (entry.reason ?? say(entry.why)) : "";
  part("state").append(copy(`[data-state="${entry.state === "waiting" && entry.signedOut ? "signed-out" : entry.state}"]`));
  const moment = part("state").querySelector("[data-moment]");
  if (moment) moment.textContent = time(new Date(entry.saved_at));
  part("state").querySelector("[data-mend]")?.addEventListener("click", () => mend(entry));
  const off = part("off");
  off.setAttribute("aria-label", say("takeOff", { label: entry.label }));
  off.addEventListener("click", () => (entry.state === "saved" ? forget(entry.key) : takeOff(entry)));
  return made;
}

async function refresh() {
  const kept = await entries();
  list.replaceChildren(...kept.map(row));
  list.hidden = !kept.length;
  document.getElementById("kept-none").hidden = kept.length > 0;
}

// Who and how are asked for here already: nobody could be asked later.
for (const name of ["who", "channel"]) form.querySelector(`[name=${name}]`).required = true;
form.elements.once.value = crypto.randomUUID?.() ?? "";
listen(refresh);
refresh();
