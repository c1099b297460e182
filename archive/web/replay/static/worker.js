// The service worker of the replay. It answers every request of an archived page from the archive,
// and lets none through to the network: what it does not know is an error, never the live web.
//
//   /view/<ts>/<url>   a page of ours, which frames the archived one (wrapper.js)
//   /r/<ts>/<url>      where an archived page seems to lie; the server has nothing there
//   /x/<ts>/<url>      the same for what a redirect leads to: whatever host it names is meant
//   /raw/<ts>/<url>    what the archive holds, from the server
"use strict";

const BODILESS = [101, 103, 204, 205, 304];
// What browsers show in a sandboxed frame; other kinds they would download, or block.
const SHOWN = /^(text\/|image\/|audio\/|video\/|application\/(xhtml\+xml|xml|json)\b)/i;

/** Time and archived URL of an address below /r/ or /x/; null for others. */
function archived(address) {
  const url = new URL(address);
  const found = url.pathname.match(/^\/([rx])\/(\d{14})\/(https?):\/+([^/]+)(\/.*)?$/);
  if (url.origin !== location.origin || !found) return null;
  const [, kind, ts, scheme, host, path] = found;
  return { kind, ts, url: `${scheme}://${host}${path ?? "/"}${url.search}` };
}

/** The archived URL that a request means which a page at `base` made. */
function meant(request, base) {
  const url = new URL(request.url);
  if (url.origin !== location.origin) return request.url;
  const site = new URL(base.url);
  const own = archived(request.url);
  const named = own && (request.mode === "navigate" || own.kind === "x");
  if (own && (named || new URL(own.url).host === site.host)) return own.url;
  // "../" too often climbs out of the host, which at the page's own address it could not.
  const climbed = url.pathname.match(/^\/r\/\d{14}\/(?:https?:\/*)?(.*)$/);
  return site.origin + (climbed ? `/${climbed[1]}` : url.pathname) + url.search;
}

/** A page of ours in the place of an archived one. */
function note(title, detail) {
  const safe = (text) => text.replace(/[&<>]/g, (letter) => `&#${letter.charCodeAt(0)};`);
  const style =
    "body{font:1rem/1.5 system-ui,sans-serif;margin:3rem auto;max-width:40rem;padding:0 1rem;" +
    "overflow-wrap:anywhere}";
  const body =
    '<!doctype html><html lang="en"><meta charset="utf-8">' +
    `<meta name="color-scheme" content="light dark"><title>${safe(title)}</title>` +
    `<style>${style}</style><h1>${safe(title)}</h1><p>${safe(detail)}</p>`;
  const headers = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
  };
  return new Response(body, { headers });
}

/** The answer to a request for an archived URL; `isPage`: it is to be shown in a frame. */
async function fromArchive(ts, url, isPage) {
  const answer = await fetch(`/raw/${ts}/${url}`, { redirect: "error" });
  const status = Number(answer.headers.get("X-Archive-Status"));
  if (!status) {
    // Not archived, withheld, or not to be read now: the server says which.
    if (!isPage) return new Response(null, { status: answer.ok ? 502 : answer.status });
    return note("Not in this archive", await answer.text());
  }
  const target = answer.headers.get("X-Archive-Location");
  if (target) return Response.redirect(`/${isPage ? "r" : "x"}/${ts}/${target}`, 302);
  const type = answer.headers.get("Content-Type");
  if (isPage && BODILESS.includes(status)) {
    return note("An empty answer", `${url} was answered with status ${status} and no content.`);
  }
  if (isPage && !SHOWN.test(type)) {
    return note("A file", `${url} is a file (${type}), which is not shown inside a page.`);
  }
  const headers = {
    "Content-Type": type,
    "Content-Security-Policy": answer.headers.get("X-Archive-Policy") ?? "sandbox; default-src 'none'",
    // The worker needs it, to know where the frame of a page belongs.
    "Referrer-Policy": "same-origin",
    "X-DNS-Prefetch-Control": "off",
  };
  // Statuses such as 999 exist, but no browser takes them.
  const possible = status >= 200 && status <= 599 ? status : 200;
  return new Response(BODILESS.includes(possible) ? null : answer.body, { status: possible, headers });
}

async function respond(request, clientId) {
  const own = archived(request.url);
  if (request.mode === "navigate" && request.destination === "document") {
    // In a window of its own: to where there is a banner.
    return Response.redirect(own ? `/view/${own.ts}/${own.url}` : "/view/", 302);
  }
  const client = clientId ? await self.clients.get(clientId) : null;
  // A frame that is being filled is no client yet; its page is the one that refers to it.
  const from = (client && archived(client.url)) ?? (request.referrer ? archived(request.referrer) : null);
  const base = from ?? own;
  if (!base) {
    const ours = new URL(request.url).origin === location.origin;
    return ours ? fetch(request) : new Response(null, { status: 504 });
  }
  const url = meant(request, base);
  if (request.mode !== "navigate") return fromArchive(base.ts, url, false);
  if (own) return fromArchive(own.ts, url, true);
  return Response.redirect(`/r/${base.ts}/${url}`, 302);
}

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => {
  // From a wrapper that was reloaded past its worker.
  if (event.data === "claim") event.waitUntil(self.clients.claim());
});
self.addEventListener("fetch", (event) => {
  const { request, clientId } = event;
  const url = new URL(request.url);
  const page = request.referrer ? archived(request.referrer) : null;
  // The wrapper itself; but not a frame that an archived page has at such an address.
  const isOurs = !page || request.destination === "document";
  if (url.origin === location.origin && /^\/(view|grant)\//.test(url.pathname) && isOurs) return;
  event.respondWith(respond(request, clientId));
});
