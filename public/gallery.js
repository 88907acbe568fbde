// Development only: puts the icons into the page and makes the gallery's switches work.
"use strict";

fetch("icons/sprite.svg")
  .then((response) => response.text())
  .then((text) => document.body.insertAdjacentHTML("afterbegin", text));

// ?theme=dark&text=large opens the page in that look, for screenshots.
const wish = new URLSearchParams(location.search);
if (wish.has("theme") || wish.has("text")) {
  window.gridbookDisplay({ theme: wish.get("theme") ?? "auto", text: wish.get("text") ?? "normal" });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button === null) {
    return;
  }
  const { themeSet, textSet, open, close } = button.dataset;
  if (themeSet !== undefined) {
    window.gridbookDisplay({ theme: themeSet });
  } else if (textSet !== undefined) {
    window.gridbookDisplay({ text: textSet });
  } else if (open !== undefined) {
    document.getElementById(open).showModal();
  } else if (close !== undefined) {
    button.closest("dialog").close();
  }
});
