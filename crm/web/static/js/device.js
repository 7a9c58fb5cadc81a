// What this device keeps for its owner: entries made without a network. For pages and the service worker alike.
const NAME = "in-person";

const opened = () =>
  new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("entries", { keyPath: "key" });
      asked.result.createObjectStore("facts");
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });

async function within(store, mode, work) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(store, mode);
      const asked = work(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(asked?.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

function tell(news) {
  const channel = new BroadcastChannel(NAME);
  channel.postMessage(news);
  channel.close();
}

// Every page of ours, and the one that caused it, hears what changed.
export function listen(hear) {
  new BroadcastChannel(NAME).onmessage = (event) => hear(event.data);
}

export const owner = () => within("facts", "readonly", (facts) => facts.get("owner"));

export const setOwner = (who) => within("facts", "readwrite", (facts) => facts.put(who, "owner"));

const A_DAY = 86_400_000;

// Nothing about anybody is to stay: what has been in the log for a day goes, whoever wrote it.
const isOver = (entry) => entry.state === "saved" && Date.now() - Date.parse(entry.saved_at) > A_DAY;

// Those of whoever was last signed in here, oldest first.
export async function entries() {
  const mine = await owner();
  const all = await within("entries", "readonly", (store) => store.getAll());
  const over = all.filter(isOver);
  if (over.length) await within("entries", "readwrite", (store) => over.forEach((entry) => store.delete(entry.key)));
  return all.filter((entry) => entry.owner === mine && !isOver(entry)).sort((a, b) => a.written_at.localeCompare(b.written_at));
}

export async function keep(entry) {
  const whose = await owner();
  await within("entries", "readwrite", (store) => store.put({ ...entry, owner: whose, state: "waiting" }));
  tell({});
}

// What became of an entry; one that was taken off meanwhile stays off.
export async function settle(key, changes) {
  await within("entries", "readwrite", (store) => {
    const asked = store.get(key);
    asked.onsuccess = () => asked.result && store.put({ ...asked.result, ...changes });
    return asked;
  });
  tell({ key, ...changes });
}

export async function forget(...keys) {
  await within("entries", "readwrite", (store) => keys.forEach((key) => store.delete(key)));
  tell({});
}

// Signing out: nothing of this owner stays.
export async function forgetOwner() {
  await forget(...(await entries()).map((entry) => entry.key));
  await within("facts", "readwrite", (facts) => facts.delete("owner"));
}
