// Conveniences alone: everything works without.
"use strict";

// "Copy" buttons: hidden until we know that the browser can.
const offerCopies = () => {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("button[data-copy]")) button.hidden = false;
};
offerCopies();
document.addEventListener("htmx:afterSettle", offerCopies);

// What is refused is shown in full: a filter that is wrong must not leave the old list standing.
document.addEventListener("htmx:responseError", (event) => {
  const { elt, pathInfo } = event.detail;
  if (elt.matches("form")) window.location.assign(pathInfo.finalRequestPath);
});

let forgetting;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  const said = document.getElementById("said");
  try {
    await navigator.clipboard.writeText(source.value ?? source.textContent);
    said.textContent = "Copied.";
  } catch {
    source.select?.();
    said.textContent = "Copying is not allowed here: the text is selected, press Ctrl+C.";
  }
  clearTimeout(forgetting);
  forgetting = setTimeout(() => { said.textContent = ""; }, 8000);
});
