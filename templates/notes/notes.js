{# The player's and the transcript's behaviour, printed into `notes.html`. #}
(() => {
  "use strict";
  const audio = document.getElementById("audio");
  if (!audio) return;
  const find = (selector, root = document) => root.querySelector(selector);
  const player = find("#player"), controls = find(".controls", player), play = find(".play", player);
  const seek = find(".seek", player), elapsed = find(".elapsed", player), left = find(".left-time", player);
  const chapterName = find(".now-chapter", player), speed = find(".speed", player);
  const chapters = [...document.querySelectorAll("[data-chapter]")];
  const spans = [...document.querySelectorAll("[data-s]")];
  const starts = spans.map((span) => Number(span.dataset.s));
  const chapterStarts = chapters.map((link) => Number(link.dataset.t));
  const transcript = find("#transcript"), follow = find(".follow");
  const SPEEDS = [1, 1.25, 1.5, 1.75, 2, 0.75];
  let isSeeking = false, nowSpan = null;

  document.documentElement.classList.add("js");
  player.classList.add("ready");
  controls.hidden = false;
  if (follow) follow.hidden = false;

  const length = () => Number.isFinite(audio.duration) && audio.duration > 0 ? audio.duration : Number(player.dataset.duration);
  const clock = (seconds) => {
    const whole = Math.max(0, Math.floor(seconds)), hours = Math.floor(whole / 3600);
    const minutes = Math.floor(whole / 60) % 60, rest = String(whole % 60).padStart(2, "0");
    return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
  };
  const lastAtOrBefore = (times, time) => {
    let low = 0, high = times.length;
    while (low < high) { const middle = (low + high) >> 1; if (times[middle] <= time + 0.05) low = middle + 1; else high = middle; }
    return low - 1;
  };

  const show = (time) => {
    elapsed.textContent = clock(time);
    left.textContent = clock(Math.ceil(length() - time));
    seek.max = length();
    if (!isSeeking) seek.value = time;
    seek.setAttribute("aria-valuetext", `${clock(time)} / ${clock(length())}`);
    const chapter = chapters[lastAtOrBefore(chapterStarts, time)];
    chapters.forEach((link) => link === chapter ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current"));
    if (chapter) chapterName.textContent = chapter.dataset.chapter;
    const span = spans[lastAtOrBefore(starts, time)] || null;
    if (span === nowSpan) return;
    if (nowSpan) nowSpan.classList.remove("now");
    nowSpan = span;
    if (!span) return;
    span.classList.add("now");
    if (transcript.open && !audio.paused && find("input", follow).checked) span.scrollIntoView({ block: "center" });
  };

  const goTo = (time, andPlay) => {
    audio.currentTime = Math.min(Math.max(0, time), length());
    show(audio.currentTime);
    if (andPlay) audio.play().catch(() => {});
  };

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest("[data-t]");
    if (link) { event.preventDefault(); goTo(Number(link.dataset.t), true); return; }
    const span = event.target.closest("[data-s]");
    if (span && getSelection().isCollapsed) goTo(Number(span.dataset.s), true);
  });
  play.addEventListener("click", () => { if (audio.paused) audio.play().catch(() => {}); else audio.pause(); });
  player.querySelectorAll("[data-skip]").forEach((button) =>
    button.addEventListener("click", () => goTo(audio.currentTime + Number(button.dataset.skip), false)));
  speed.addEventListener("click", () => {
    audio.playbackRate = SPEEDS[(SPEEDS.indexOf(audio.playbackRate) + 1) % SPEEDS.length];
    find("span", speed).textContent = `${audio.playbackRate}×`;
  });
  seek.addEventListener("input", () => { isSeeking = true; show(Number(seek.value)); });
  seek.addEventListener("change", () => { isSeeking = false; goTo(Number(seek.value), false); });
  const mark = () => {
    player.classList.toggle("playing", !audio.paused);
    play.setAttribute("aria-label", audio.paused ? play.dataset.play : play.dataset.pause);
  };
  ["play", "pause", "ended"].forEach((name) => audio.addEventListener(name, mark));
  ["timeupdate", "seeked", "loadedmetadata", "durationchange"].forEach((name) =>
    audio.addEventListener(name, () => { if (!isSeeking) show(audio.currentTime); }));
  const fromAddress = () => {
    const match = /^#t=(\d+(?:\.\d+)?)$/.exec(location.hash);
    if (match) goTo(Number(match[1]), false);
  };
  addEventListener("hashchange", fromAddress);
  show(0);
  fromAddress();
})();
