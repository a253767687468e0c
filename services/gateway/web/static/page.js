// What pages do by themselves where scripts run. Everything works without.
"use strict";

// <form data-autosave="URL" data-saving data-saved data-unsaved>: what is typed is sent there a moment later; the answer is JSON.
// `{"set": {"field": "value"}}` fills fields (the version to give back); `{"say": "…"}` is said instead of "saved".
for (const form of document.querySelectorAll("form[data-autosave]")) {
  const out = form.querySelector("[data-autosave-status]");
  let timer = 0, busy = false, dirty = false;
  const say = (text) => { if (out) out.textContent = text; };
  const save = async () => {
    if (busy) return;
    busy = true; dirty = false;
    say(form.dataset.saving);
    try {
      const answer = await fetch(form.dataset.autosave, {
        method: "POST", body: new URLSearchParams(new FormData(form)), headers: { accept: "application/json" }, redirect: "error",
      });
      const told = await answer.json();
      for (const [name, value] of Object.entries(told.set || {})) if (form.elements[name]) form.elements[name].value = value;
      say(answer.ok ? `${told.say || form.dataset.saved}` : told.say || form.dataset.unsaved);
      if (!answer.ok) dirty = true;
    } catch {
      dirty = true;
      say(form.dataset.unsaved);
    }
    busy = false;
  };
  form.addEventListener("input", () => {
    dirty = true;
    say(form.dataset.unsaved);
    clearTimeout(timer);
    timer = setTimeout(save, 1200);
  });
  form.addEventListener("submit", () => { clearTimeout(timer); dirty = false; });
  addEventListener("beforeunload", (event) => { if (dirty || busy) event.preventDefault(); });
}

// <p class="notice live" data-live="URL" hidden>: shown when the stream at URL tells of a change.
for (const note of document.querySelectorAll("[data-live]")) {
  const stream = new EventSource(note.dataset.live);
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
    stream = new EventSource(box.dataset.fill);
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
