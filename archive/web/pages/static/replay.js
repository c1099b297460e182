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
  const isPage = (answer.headers.get("Content-Type") ?? "").startsWith("text/html");
  if (!isPage) return answer.body?.cancel();
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const banner = page.getElementById("banner");
  if (!banner) return undefined;
  document.getElementById("banner").replaceWith(document.importNode(banner, true));
  document.title = page.title;
  // The frame's own history entry stays, so that "back" goes back in it, and the banner with it.
  history.replaceState(null, "", new URL(answer.url).pathname + new URL(answer.url).search);
  document.getElementById("said").textContent = `Archived page ${url}`;
  return undefined;
}

window.addEventListener("message", ({ origin, source, data }) => {
  if (origin !== frame?.dataset.origin || source !== frame.contentWindow) return;
  const { ts, url } = data ?? {};
  if (!/^\d{14}$/.test(ts) || !/^https?:\/\//.test(url) || !document.getElementById("banner")) return;
  if (`${ts}/${url.split("#")[0]}` !== shown()) follow(ts, url.split("#")[0]);
});
