// Without a network: what was logged is kept, and other pages say what to do. Only the page for such moments and the
// files it needs are cached; both are the same for everybody.
import { keep, settle } from "./device.js";
import { saved, send } from "./sending.js";

const BUILD = new URL("../", import.meta.url).pathname;
const PAGE = "/log/kept";
const KEPT = ["/log", "/log/line"];
const AWAY = [502, 503, 504];
const PATIENCE = 20_000;

async function fill() {
  const page = await fetch(PAGE, { credentials: "omit", cache: "no-store" });
  if (!page.ok) throw new Error(`${PAGE} answers ${page.status}`);
  const names = [...(await page.clone().text()).matchAll(/(?:href|src)="(\/static\/[^"]+)"/g)].map((found) => found[1]);
  const cache = await caches.open(BUILD);
  await cache.addAll(new Set(names));
  await cache.put(PAGE, page);
}

async function tidy() {
  for (const name of await caches.keys()) if (name !== BUILD) await caches.delete(name);
  await clients.claim();
}

addEventListener("install", (event) => event.waitUntil(fill().then(() => skipWaiting())));
addEventListener("activate", (event) => event.waitUntil(tidy()));
addEventListener("sync", (event) => event.waitUntil(send()));

// The page of this build that is kept, with its part for this occasion shown.
async function shell(occasion) {
  const page = await caches.match(PAGE);
  const text = (await page.text()).replace(`data-when="${occasion}" hidden`, `data-when="${occasion}"`);
  return new Response(text, { headers: page.headers });
}

const file = async (request) => (await caches.match(request, { ignoreVary: true })) ?? fetch(request);

async function show(request, path) {
  if (path === PAGE) return shell("");
  try {
    return await fetch(request);
  } catch {
    return shell("away");
  }
}

async function post(request) {
  try {
    return await fetch(request);
  } catch {
    return shell("not-sent");
  }
}

// Going back to what a form was answered with: no cache has that page, and nothing may be sent or kept again. A line is only
// read, so it is read anew; else the same address is shown, or the page the form was on.
async function goBack(request, path) {
  try {
    const { referrer } = request;
    const again = path === "/log/line" ? { method: "POST", body: new URLSearchParams(await request.formData()), referrer } : { referrer };
    const page = await fetch(request.url, again);
    return page.ok && !page.redirected ? page : Response.redirect(request.referrer, 303);
  } catch {
    return shell("away");
  }
}

async function log(request, path) {
  const copy = request.clone();
  const late = new Promise((_, refuse) => setTimeout(refuse, PATIENCE));
  try {
    const answer = await Promise.race([fetch(request), late]);
    if (AWAY.includes(answer.status)) throw answer;
    if (path === "/log" && answer.type === "opaqueredirect") await done(await copy.formData());
    return answer;
  } catch {
    return keepInstead(copy, path).catch(() => shell("not-sent"));
  }
}

const done = async (form) => form.get("once") && settle(form.get("once"), saved());

async function keepInstead(request, path) {
  const form = await request.formData();
  const { once, label, written_at, ...about } = Object.fromEntries(form);
  const own = ["once", "label", "written_at", "owner"];
  await keep({
    key: once || crypto.randomUUID(),
    sort: path === "/log" ? "form" : "line",
    label: label || about.line || about.who || "",
    channel: about.channel ?? "",
    fields: [...form].filter(([name]) => !own.includes(name)),
    written_at: written_at || new Date().toISOString(),
  });
  await registration.sync?.register("entries").catch(() => {});
  return Response.redirect(PAGE, 303);
}

// A form of another site is left to the browser: sent from here it would look like one of ours.
const isOurs = (request) => request.referrer.startsWith(`${location.origin}/`);

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== location.origin) return;
  if (request.method === "GET" && pathname.startsWith("/static/")) event.respondWith(file(request));
  if (request.mode !== "navigate") return;
  if (request.method === "GET") event.respondWith(show(request, pathname));
  else if (request.method !== "POST" || !isOurs(request)) return;
  else if (request.isHistoryNavigation || request.cache === "only-if-cached") event.respondWith(goBack(request, pathname));
  else event.respondWith(KEPT.includes(pathname) ? log(request, pathname) : post(request));
});
