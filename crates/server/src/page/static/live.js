// Puts what happens on top of the list, as it happens.
"use strict";
(() => {
  const list = document.getElementById("live");
  const pause = document.getElementById("pause");
  const connection = document.getElementById("connection");
  const news = document.getElementById("news");
  if (!list || !window.EventSource) return;

  const MOST = 300;
  const waiting = [];
  let paused = false;
  let unsaid = 0;
  let last = Number(list.dataset.after ?? -1);

  const show = (html) => {
    list.insertAdjacentHTML("afterbegin", html);
    const entry = list.firstElementChild;
    entry.classList.add("fresh");
    setTimeout(() => entry.classList.remove("fresh"), 3000);
    while (list.children.length > MOST) list.lastElementChild.remove();
  };

  // One sentence for many: whoever listens is not talked to without end.
  const say = () => {
    if (!unsaid) return;
    const newest = list.firstElementChild?.querySelector(".what p")?.textContent ?? "";
    news.textContent = unsaid === 1 ? newest : `${unsaid} new entries. The newest: ${newest}`;
    unsaid = 0;
  };
  setInterval(say, 2000);

  const label = () => {
    pause.textContent = paused ? (waiting.length ? `Go on (${waiting.length} waiting)` : "Go on") : "Pause";
    pause.setAttribute("aria-pressed", String(paused));
  };
  pause.hidden = false;
  label();
  pause.addEventListener("click", () => {
    paused = !paused;
    if (!paused) {
      for (const html of waiting.splice(0)) { show(html); unsaid += 1; }
    }
    label();
  });

  const source = new EventSource(`${list.dataset.source}?after=${last}`);
  source.addEventListener("open", () => { connection.textContent = "Connected"; });
  source.addEventListener("error", () => {
    connection.textContent = source.readyState === EventSource.CLOSED
      ? "Disconnected: load the page again" : "Connecting again…";
  });
  source.addEventListener("entry", (event) => {
    const id = Number(event.lastEventId);
    if (id <= last) return;
    last = id;
    if (paused) { waiting.push(event.data); if (waiting.length > MOST) waiting.shift(); label(); return; }
    show(event.data);
    unsaid += 1;
  });
})();
