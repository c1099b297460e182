// Fills the frame with the archived page, through the service worker, and keeps its links within the
// archive. No script of the page runs: what is to be done to it is done from here.
"use strict";

const frame = document.getElementById("page");
const problem = document.getElementById("problem");
const { main } = document.body.dataset;
const XLINK = "http://www.w3.org/1999/xlink";

/** Time and archived URL of an address of this origin; null for others. */
function archived(address) {
  const url = new URL(address);
  const found = url.pathname.match(/^\/(?:view|r|x)\/(\d{14})\/(https?):\/+(.+)$/);
  if (url.origin !== location.origin || !found) return null;
  return { ts: found[1], url: new URL(`${found[2]}://${found[3]}${url.search}`).href };
}

/** The archived URL that relative links of a document are resolved against. */
function baseOf(page, here) {
  const base = new URL(page.baseURI);
  if (base.origin !== location.origin) return base.href;
  return archived(base.href)?.url ?? new URL(base.pathname + base.search, here.url).href;
}

/** Where a link of the page leads within the archive; null: it leads to no page. */
function within(ts, link, base) {
  try {
    const url = new URL(link, base);
    if (archived(url)) return url.href; // it was led there before
    return /^https?:$/.test(url.protocol) ? `${location.origin}/r/${ts}/${url.href}` : null;
  } catch {
    return null;
  }
}

/** The page and all shadow trees in it, which are made here, so that none of them is closed. */
function treesOf(root) {
  const trees = [root];
  for (const template of root.querySelectorAll("template[archived-shadow]")) {
    const host = template.parentElement ?? template.getRootNode().host;
    template.remove();
    try {
      host.attachShadow({ mode: "open" }).append(template.content);
    } catch {
      continue; // the element takes none, or has one already: browsers show the first
    }
    trees.push(...treesOf(host.shadowRoot));
  }
  return trees;
}

function keepLinkWithin(link, here, base) {
  const written = link.getAttribute("href") ?? link.getAttributeNS(XLINK, "href");
  const target = written === null ? null : within(here.ts, written, base);
  if (target) link.setAttribute("href", target);
  for (const name of ["target", "ping", "download"]) link.removeAttribute(name);
}

function keepWithin(page, here) {
  const base = baseOf(page, here);
  for (const tree of treesOf(page)) {
    for (const link of tree.querySelectorAll("a, area")) keepLinkWithin(link, here, base);
    for (const inner of tree.querySelectorAll("iframe, frame")) {
      const written = inner.getAttribute("archived-src") ?? "";
      const target = written ? within(here.ts, written, base) : null;
      if (!target) continue;
      // Where its origin is opaque no worker is asked; scripts are off in it as in the page around it.
      inner.removeAttribute("sandbox");
      follow(inner);
      inner.src = target;
    }
  }
}

/** Where a link leads now, whatever else than its attribute says so (SVG, animations). */
function leadsTo(link) {
  return typeof link.href === "string" ? link.href : link.href.animVal;
}

const watched = new WeakSet();

/** From now on, whatever is done to a link of the page finds it leading to where it may lead. */
function watch(page, here) {
  watched.add(page);
  const keep = (event) => {
    for (const link of event.composedPath()) {
      if (!/^(a|area)$/.test(link.localName ?? "") || !link.href) continue;
      const base = baseOf(page, here);
      keepLinkWithin(link, here, base);
      const target = within(here.ts, leadsTo(link), base);
      if (target && target !== leadsTo(link)) event.preventDefault();
    }
  };
  for (const kind of ["click", "auxclick", "contextmenu", "dragstart"]) {
    page.addEventListener(kind, keep, { capture: true });
  }
}

const followed = new WeakSet();

/** Do the same to every page that comes into a frame. */
function follow(inner, seen = () => {}) {
  if (followed.has(inner)) return;
  followed.add(inner);
  const look = () => {
    const page = inner.contentDocument;
    const here = page && !watched.has(page) && archived(page.location.href);
    if (!here) return false;
    watch(page, here);
    page.defaultView.addEventListener("pagehide", wait);
    inner.inert = false;
    return true;
  };
  // Nothing in the frame can be clicked before its page is watched, however long it takes to load.
  const wait = () => {
    inner.inert = true;
    const timer = setInterval(() => look() && clearInterval(timer), 20);
    inner.addEventListener("load", () => clearInterval(timer), { once: true });
  };
  inner.addEventListener("load", () => {
    look();
    const page = inner.contentDocument;
    const here = page && archived(page.location.href);
    if (!here) return;
    keepWithin(page, here);
    seen(here, page.title);
  });
  wait();
}

function fail(reason) {
  frame.hidden = true;
  problem.hidden = false;
  problem.textContent = reason;
}

function start() {
  const here = archived(location.href);
  follow(frame, ({ ts, url }, title) => {
    frame.dataset.shown = url;
    window.parent.postMessage({ ts, url, title }, main);
  });
  frame.src = `/r/${here.ts}/${here.url}`;
}

async function prepare() {
  if (!("serviceWorker" in navigator)) {
    fail(
      window.isSecureContext
        ? "Archived pages are shown with the help of a service worker, which this browser does not have, or has switched off (as in some private windows)."
        : "Browsers show archived pages safely only over https, or on the machine that serves them: this archive has to be put behind https.",
    );
    return;
  }
  const workers = navigator.serviceWorker;
  try {
    await workers.register("/sw.js", { updateViaCache: "none" });
    const { active } = await workers.ready;
    if (!workers.controller) {
      const controlled = new Promise((done) => workers.addEventListener("controllerchange", done, { once: true }));
      active.postMessage("claim");
      await controlled;
    }
  } catch (error) {
    fail(`This browser does not allow what showing archived pages takes, a service worker in a frame: ${error.message}`);
    return;
  }
  start();
}

prepare();
