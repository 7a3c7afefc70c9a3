// The service worker: the program works without a network from exactly the files of one build.
// web/build.sh fills in the version and the list; a new build is a new version and a new cache.

const VERSION = "%BUILD%";
const FILES = [/*FILES*/];
const CACHE = `masquerade ${VERSION}`;

self.addEventListener("install", (event) => {
  // "reload": never take a file of an older build from the browser's own cache.
  const fresh = FILES.map((file) => new Request(file, { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(fresh)));
});

self.addEventListener("activate", (event) => {
  const forget = (names) => Promise.all(names.filter((n) => n.startsWith("masquerade ") && n !== CACHE).map((n) => caches.delete(n)));
  event.waitUntil(caches.keys().then(forget).then(() => self.clients.claim()));
});

self.addEventListener("message", ({ data }) => data === "activate" && self.skipWaiting());

self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET") return;
  const stored = caches.open(CACHE).then((cache) => cache.match(event.request, { ignoreSearch: true }));
  event.respondWith(stored.then((found) => found ?? fetch(event.request)));
});
