// Keeps relative times true while a page stays open. Without it they are as they were when the page was made.
"use strict";
(() => {
  const two = (seconds, many, unit, word, less) => {
    const first = Math.floor(seconds / many);
    const second = Math.floor((seconds % many) / unit);
    return second ? `${first} ${word} ${second} ${less}` : `${first} ${word}`;
  };
  const rough = (seconds) => {
    if (seconds < 60) return `${seconds} s`;
    if (seconds < 600) return two(seconds, 60, 1, "min", "s");
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
    if (seconds < 86400) return two(seconds, 3600, 60, "h", "min");
    if (seconds < 864000) return two(seconds, 86400, 3600, "d", "h");
    return `${Math.floor(seconds / 86400)} d`;
  };
  const tick = () => {
    const now = Date.now();
    for (const time of document.querySelectorAll("time[data-kind]")) {
      const apart = Math.round((now - Date.parse(time.dateTime)) / 1000);
      const ago = time.dataset.kind === "ago";
      const seconds = ago ? apart : -apart;
      const words = ago
        ? seconds < 5 ? "just now" : `${rough(seconds)} ago`
        : seconds <= 0 ? "over" : `in ${rough(seconds)}`;
      if (time.textContent !== words) time.textContent = words;
    }
  };
  tick();
  setInterval(tick, 1000);
})();
