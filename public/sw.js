// Service worker of both bundles: the app starts with the network off, from a cold start.
//
// The build puts one line above this source:
//   self.GRIDBOOK = {"version": "…", "base": "/" or "/desk/", "files": [{"url": "/…", "rev": "<sha-256 in hex>"}, …]}
// `rev` is the hash of the file's bytes, because file names here are no content hashes. The page itself is listed
// under the base address.
//
// Rules it keeps:
// - It answers GET requests for listed files, and navigations to the base address. Nothing else: sync, API, the
//   other bundle and the server's own pages always go to the network.
// - A version is complete or absent. Every file is checked against its hash; one that is missing or different
//   fails the installation, and the version before it stays. What has already come is kept for the next try, so
//   that a network which lasts ninety seconds at a time is enough.
// - A new version waits until the page says SKIP_WAITING; only its activation removes older caches.
// - It never depends on background sync.

"use strict";

const { version: VERSION, base: BASE, files: FILES } = self.GRIDBOOK;
const PREFIX = `gridbook${BASE.replaceAll("/", "-")}`;
const CACHE = `${PREFIX}${VERSION}`;
/** What other programs on this origin answer. The desk has a worker of its own. */
const ELSEWHERE = ["/desk", "/sync/", "/api/", "/healthz", "/docs"].filter((path) => !BASE.startsWith(path));
const OFFLINE = new URL("offline.html", new URL(BASE, self.location)).href;

/** Address without query and fragment → where it lies in the cache. The revision is part of the key, so that an
 * update copies unchanged files from the cache before it instead of loading them again. */
const KEYS = new Map(
  FILES.map(({ url, rev }) => {
    const address = new URL(url, self.location);
    return [address.href, `${address.href}?rev=${rev}`];
  }),
);

self.addEventListener("install", (event) => {
  event.waitUntil(install());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(activate());
});

self.addEventListener("message", (event) => {
  if (event.data === "SKIP_WAITING") {
    event.waitUntil(self.skipWaiting());
  }
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") {
    return;
  }
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) {
    return;
  }
  if (request.mode === "navigate") {
    if (url.pathname === BASE || url.pathname === `${BASE}index.html`) {
      event.respondWith(shell(request));
    } else if (url.pathname.startsWith(BASE) && !ELSEWHERE.some((path) => url.pathname.startsWith(path))) {
      event.respondWith(page(request));
    }
    return;
  }
  const key = KEYS.get(url.origin + url.pathname);
  if (key !== undefined) {
    event.respondWith(asset(request, key));
  }
});

async function install() {
  const cache = await caches.open(CACHE);
  // Few at a time: on a weak line, many large files at once starve each other and the page.
  const queue = [...FILES];
  const lane = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      await keep(cache, file);
    }
  };
  try {
    await Promise.all([lane(), lane(), lane()]);
  } catch (error) {
    if (error instanceof DOMException && error.name === "QuotaExceededError") {
      // The room belongs to unsent records, not to half a version of the app.
      await caches.delete(CACHE);
    }
    throw error;
  }
}

async function keep(cache, { url, rev }) {
  const address = new URL(url, self.location).href;
  const key = KEYS.get(address);
  if ((await cache.match(key)) !== undefined) {
    return;
  }
  const before = await caches.match(key);
  if (before !== undefined) {
    await cache.put(key, before);
    return;
  }
  // The page has just loaded these files, so the browser's own cache often has them; the hash says whether they are
  // the right ones. If not, ask the server past every cache.
  const found = (await load(address, rev, "default")) ?? (await load(address, rev, "reload"));
  if (found === null) {
    throw new Error(`${address} is not what version ${VERSION} names`);
  }
  await cache.put(key, found);
}

/** The response, when it came well and its bytes have this hash; otherwise `null`. A network failure rejects. */
async function load(address, rev, cache) {
  const response = await fetch(address, { cache, credentials: "same-origin", redirect: "error" });
  if (!response.ok) {
    return null;
  }
  const digest = await crypto.subtle.digest("SHA-256", await response.clone().arrayBuffer());
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex === rev ? response : null;
}

async function activate() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => ours(name) && name !== CACHE).map((name) => caches.delete(name)));
  // The very first page has loaded without a worker; from now on its requests work offline too.
  await self.clients.claim();
}

/** Both bundles share the origin's caches: "gridbook-desk-…" also starts with the phone's prefix. */
function ours(name) {
  return name.startsWith(PREFIX) && !name.slice(PREFIX.length).includes("-");
}

/** Opened once: a start asks for seven files. */
let opened;

async function kept(key) {
  opened ??= caches.open(CACHE);
  try {
    return await (await opened).match(key);
  } catch (error) {
    opened = undefined;
    throw error;
  }
}

async function shell(request) {
  const key = KEYS.get(new URL(BASE, self.location).href);
  return (key === undefined ? undefined : await kept(key)) ?? fetch(request);
}

/** A page of the server inside our scope: from the network, and a plain word when there is none. */
async function page(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const key = KEYS.get(OFFLINE);
    const offline = key === undefined ? undefined : await kept(key);
    if (offline === undefined) {
      throw error;
    }
    return offline;
  }
}

/** Eviction may take a single file; then the network is better than nothing. */
async function asset(request, key) {
  return (await kept(key)) ?? fetch(request);
}
