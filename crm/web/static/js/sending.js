// Sends what waits, one after the other. A lock keeps tabs and the service worker from sending at the same moment; that
// nothing is saved twice is up to the key each entry carries. The service worker has no page, so it says no sentences.
import { entries, settle } from "./device.js";

const PATIENCE = 20_000;

export const send = () => navigator.locks.request("in-person-entries", { ifAvailable: true }, (lock) => lock && sendAll());

async function sendAll() {
  for (const entry of await entries()) if (entry.state === "waiting" && !(await sendOne(entry))) return;
}

// True if the next may follow; false where the network, the server or the session is away.
async function sendOne(entry) {
  const about = { once: entry.key, owner: entry.owner, written_at: entry.written_at };
  const body = new URLSearchParams([...entry.fields, ...Object.entries(about)]);
  let answer;
  try {
    answer = await fetch("/log/kept", { method: "POST", body, signal: AbortSignal.timeout(PATIENCE) });
  } catch {
    return false;
  }
  if (answer.status === 401) await settle(entry.key, { signedOut: true });
  if ([401, 409, 429].includes(answer.status) || answer.status >= 500) return false;
  await settle(entry.key, { signedOut: false, ...(await outcome(answer)) });
  return true;
}

async function outcome(answer) {
  const said = answer.headers.get("content-type")?.startsWith("application/json") ? await answer.json() : {};
  if (answer.ok && said.state === "saved") return saved(said.words, said.undo);
  return { state: "refused", reason: said.reason, why: answer.status === 403 ? "mayNotLog" : "strange" };
}

// What was written is on the server now, and need not stay here.
export const saved = (words, undo) => ({ state: "saved", words, undo, fields: [], saved_at: new Date().toISOString() });
