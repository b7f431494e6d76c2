// Keeps the pages for when nobody can be reached: all of one version, or none. What card, issuer and table say is never kept. VERSION and FILES are
// put in when the pages are built.
const VERSION = "__VERSION__";
const FILES = ["__FILES__"];
const CACHE = `pages-${VERSION}`;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(FILES))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin) return;
  const path = pathname === "/index.html" ? "/" : pathname;
  if (!FILES.includes(path)) return;
  // A page that is newer is on its way: its worker is installed beside this one, and takes over whole.
  event.respondWith(caches.open(CACHE).then(async (cache) => (await cache.match(path)) ?? fetch(event.request)));
});
