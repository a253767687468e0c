// What pages do by themselves where scripts run. Everything works without.
"use strict";

// Once the session is over, the page says so, and leads back to itself. What was typed stays: who is signed out where something may be unsaved signs in beside it.
const over = document.getElementById("over");
const ended = () => {
  if (!over) return;
  const link = over.querySelector("a");
  link.href = `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;
  if (document.querySelector("form[data-autosave]")) link.target = "_blank";
  over.hidden = false;
};
// Whether it is, as the page itself asks: that is nobody's use. Where nobody can tell, it goes on.
const isOver = async () => {
  try {
    const answer = await fetch("/here", { redirect: "error", headers: { accept: "text/event-stream" } });
    return answer.status === 401;
  } catch { return false; }
};

// <form data-autosave="URL" data-saving data-saved data-unsaved>: what is typed is sent there a moment later; the answer is JSON.
// `{"set": {"field": "value"}}` fills fields (the version to give back); `{"say": "…"}` is said instead of "saved". What was sent and
// never answered is sent again, to the letter, before anything else is: it may have been saved, and its answer holds the version.
for (const form of document.querySelectorAll("form[data-autosave]")) {
  const out = form.querySelector("[data-autosave-status]");
  let timer = 0, busy = false, dirty = false, pressed, leaving = false, unanswered;
  const say = (text) => { if (out) out.textContent = text; };
  const soon = () => { clearTimeout(timer); timer = setTimeout(save, 1200); };
  const typed = () => new URLSearchParams(new FormData(form)).toString();
  // The session is over, or the same person began another beside this page: what was sent is sent under its mark, to the letter, once.
  const turnedAway = async (body, again) => {
    dirty = true;
    say(form.dataset.unsaved);
    if (again || await isOver()) { ended(); return false; }
    const page = new DOMParser().parseFromString(await (await fetch(location.href, { redirect: "error" })).text(), "text/html");
    const mark = page.querySelector("input[name=csrf]"), who = (of) => of.querySelector(".who .name")?.textContent;
    if (!mark || who(page) !== who(document)) { ended(); return false; }
    for (const field of document.querySelectorAll("input[name=csrf]")) field.value = mark.value;
    over.hidden = true;
    dirty = false;
    const anew = new URLSearchParams(body);
    anew.set("csrf", mark.value);
    return send(anew.toString(), true);
  };
  const send = async (body, again = false) => {
    unanswered = body;
    const answer = await fetch(form.dataset.autosave, {
      method: "POST", body, redirect: "error",
      headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
    });
    // What a server could not do may be done all the same; what it refused is not, in whatever form it says so.
    if (answer.status < 500) unanswered = undefined;
    if (answer.status === 401 || answer.status === 403) return turnedAway(body, again);
    const told = await answer.json();
    for (const [name, value] of Object.entries(told.set || {})) if (form.elements[name]) form.elements[name].value = value;
    say(answer.ok ? told.say || form.dataset.saved : told.say || form.dataset.unsaved);
    return answer.ok;
  };
  const save = async () => {
    if (busy) return soon();
    busy = true; dirty = false;
    say(form.dataset.saving);
    try {
      if (unanswered === undefined || await send(unanswered)) await send(typed());
      else dirty = true;
    } catch {
      dirty = true;
      say(form.dataset.unsaved);
    }
    busy = false;
    const then = pressed;
    pressed = undefined;
    if (then && unanswered === undefined) form.requestSubmit(then);
  };
  form.addEventListener("input", () => {
    dirty = true;
    say(form.dataset.unsaved);
    soon();
  });
  // A button pressed while a save is on its way, or has no answer, waits for it: the save brings the version that the form gives back.
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (busy || unanswered !== undefined) {
      event.preventDefault();
      pressed = event.submitter;
      if (!busy) save();
      return;
    }
    leaving = true;
  });
  addEventListener("beforeunload", (event) => { if (!leaving && (dirty || busy)) event.preventDefault(); });
}

// Who reads a page that stays open uses the session, though the page asks for nothing: told when somebody touched, typed or scrolled, once in some minutes.
if (over) {
  const often = 240000;
  let told = Date.now();
  const here = async () => {
    if (Date.now() - told < often) return;
    told = Date.now();
    try {
      const answer = await fetch("/here", { redirect: "error" });
      if (answer.status === 401) ended();
    } catch { /* told with the next sign of life */ told -= often; }
  };
  for (const sign of ["pointerdown", "pointermove", "keydown", "wheel", "touchmove"]) addEventListener(sign, here, { passive: true });
}

// The stream at `url`, for as long as somebody can see the page: a browser opens six to one house, and hidden pages would take them. What is not opened, or
// breaks off for good, is asked for anew, later and later; only a session that is over is none that a restart brings back.
const LATEST = 60000;
const followed = (url, heard) => {
  let stream, timer = 0, refused = 0, wanted = true;
  const close = () => { clearTimeout(timer); if (stream) stream.close(); stream = undefined; };
  const open = () => {
    if (!wanted || document.hidden || stream) return;
    clearTimeout(timer);
    const opened = stream = new EventSource(url);
    opened.addEventListener("open", () => { refused = 0; if (over) over.hidden = true; });
    for (const [name, hear] of Object.entries(heard)) opened.addEventListener(name, hear);
    opened.addEventListener("error", () => { if (opened.readyState === EventSource.CLOSED && opened === stream) { close(); again(); } });
  };
  const again = async () => {
    if (await isOver()) return ended();
    clearTimeout(timer);
    timer = setTimeout(open, Math.min(LATEST, 1000 * 2 ** refused++) * (0.5 + Math.random() / 2));
  };
  document.addEventListener("visibilitychange", () => { if (document.hidden) close(); else open(); });
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
  return { stop: () => { wanted = false; close(); }, go: () => { wanted = true; open(); } };
};

// <p class="notice live" data-live="URL" hidden>: shown when the stream at URL tells of a change.
for (const note of document.querySelectorAll("[data-live]")) {
  const stream = followed(note.dataset.live, { changed: () => { note.hidden = false; stream.stop(); } });
}

// The summary of errors is what is read first.
const errors = document.getElementById("errors");
if (errors) { errors.tabIndex = -1; errors.focus(); }

// <div data-fill="URL" data-pause data-resume>: holds what the stream at URL sends, whole, whenever it changes. Nothing is taken from
// under somebody who reads it with the keyboard, and a button stops it.
for (const box of document.querySelectorAll("[data-fill]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet small";
  const view = (event) => {
    if (box.contains(document.activeElement)) return;
    const across = [...box.querySelectorAll(".scroll")].map((part) => part.scrollLeft);
    box.innerHTML = event.data;
    box.querySelectorAll(".scroll").forEach((part, index) => { part.scrollLeft = across[index] || 0; });
  };
  const stream = followed(box.dataset.fill, { view });
  let runs = true;
  const say = () => { button.textContent = runs ? box.dataset.pause : box.dataset.resume; };
  button.addEventListener("click", () => {
    runs = !runs;
    if (runs) stream.go(); else stream.stop();
    say();
  });
  say();
  box.before(button);
}
