// What pages do by themselves where scripts run. Everything works without.
"use strict";

// <form data-autosave="URL" data-saving data-saved data-unsaved>: what is typed is sent there a moment later; the answer is JSON.
// `{"set": {"field": "value"}}` fills fields (the version to give back); `{"say": "…"}` is said instead of "saved". What was sent and
// never answered is sent again, to the letter, before anything else is: it may have been saved, and its answer holds the version.
for (const form of document.querySelectorAll("form[data-autosave]")) {
  const out = form.querySelector("[data-autosave-status]");
  let timer = 0, busy = false, dirty = false, pressed, leaving = false, unanswered;
  const say = (text) => { if (out) out.textContent = text; };
  const soon = () => { clearTimeout(timer); timer = setTimeout(save, 1200); };
  const typed = () => new URLSearchParams(new FormData(form)).toString();
  const send = async (body) => {
    unanswered = body;
    const answer = await fetch(form.dataset.autosave, {
      method: "POST", body, redirect: "error",
      headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
    });
    // What a server could not do may be done all the same; what it refused is not, in whatever form it says so.
    if (answer.status < 500) unanswered = undefined;
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
// What the page asks by itself (its streams) is nobody's use. Once the session is over, the page says so.
const over = document.getElementById("over");
const ended = () => { if (over) over.hidden = false; };
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
// A stream that the server does not open again is one of a session that is over.
const watched = (stream) => { stream.addEventListener("error", () => { if (stream.readyState === EventSource.CLOSED) ended(); }); return stream; };

// <p class="notice live" data-live="URL" hidden>: shown when the stream at URL tells of a change.
for (const note of document.querySelectorAll("[data-live]")) {
  const stream = watched(new EventSource(note.dataset.live));
  stream.addEventListener("changed", () => { note.hidden = false; stream.close(); });
  addEventListener("pagehide", () => stream.close());
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
  let stream;
  const run = () => {
    stream = watched(new EventSource(box.dataset.fill));
    stream.addEventListener("view", (event) => {
      if (box.contains(document.activeElement)) return;
      const across = [...box.querySelectorAll(".scroll")].map((part) => part.scrollLeft);
      box.innerHTML = event.data;
      box.querySelectorAll(".scroll").forEach((part, index) => { part.scrollLeft = across[index] || 0; });
    });
    button.textContent = box.dataset.pause;
  };
  const stop = () => { stream.close(); stream = undefined; button.textContent = box.dataset.resume; };
  button.addEventListener("click", () => { if (stream) stop(); else run(); });
  addEventListener("pagehide", () => { if (stream) stream.close(); });
  box.before(button);
  run();
}
