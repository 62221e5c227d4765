// Opens the pages of the floor where the network is gone: the page itself keeps its files (see
// src/pages/pda/offline.ts), this gives them back. What is asked of the hub is never kept.

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (pathname.startsWith("/files/") || pathname === "/logo.svg") event.respondWith(file(request));
});

async function page(request) {
  try {
    const answer = await fetch(request);
    if (answer.status < 500) return answer;
  } catch {
    // The network is gone.
  }
  return (await caches.match("/pda", { ignoreVary: true })) ?? Response.error();
}

// Files are named by their content: one that is kept is the right one.
async function file(request) {
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}
