// Who follows a link in an archived page goes on in its frame: the banner follows.
"use strict";

const frame = document.getElementById("archived");

/** The address that the banner has now: `<ts>/<url>`. */
function shown() {
  const { timestamp, url } = document.getElementById("banner").dataset;
  return `${timestamp}/${url}`;
}

async function follow(ts, url) {
  const answer = await fetch(`/web/${ts}/${url}`, { headers: { Accept: "text/html" } });
  const isHtml = (answer.headers.get("Content-Type") ?? "").startsWith("text/html");
  const page = isHtml ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  const banner = page?.getElementById("banner");
  if (!banner) {
    // A file, which is shown by itself, or nothing, about which there is more to say than in a frame.
    answer.body?.cancel?.().catch(() => {});
    location.assign(answer.url);
    return;
  }
  document.getElementById("banner").replaceWith(document.importNode(banner, true));
  document.title = page.title;
  // The frame's own history entry stays, so that "back" goes back in it, and the banner with it.
  const { pathname, search } = new URL(answer.url);
  history.replaceState(null, "", pathname + search);
  document.getElementById("said").textContent = `Archived page ${url}`;
}

window.addEventListener("message", ({ origin, source, data }) => {
  if (origin !== frame?.dataset.origin || source !== frame.contentWindow) return;
  const { ts, url } = data ?? {};
  if (!/^\d{14}$/.test(ts) || !/^https?:\/\//.test(url) || !document.getElementById("banner")) return;
  if (`${ts}/${url.split("#")[0]}` !== shown()) follow(ts, url.split("#")[0]);
});
