// What every page of ours has and none may have, by its document alone: answers a list of faults.
const faults = [];
const root = document.documentElement;
const all = (selector) => [...document.querySelectorAll(selector)];

// It says in which language it is, and its words are in that one.
const skip = { es: "Saltar al contenido", en: "Skip to the content" }[root.lang];
if (!skip) faults.push(`is in no language of ours: ${JSON.stringify(root.lang)}`);
else if (document.querySelector("a.skip")?.textContent !== skip) faults.push(`is not in the language it says (${root.lang})`);
if (!/^\S.* · Ventanilla$/.test(document.title)) faults.push(`has no title of its own: ${JSON.stringify(document.title)}`);
const viewport = document.querySelector("meta[name=viewport]")?.content ?? "";
if (!/width=device-width/.test(viewport) || /user-scalable=no|maximum-scale/.test(viewport)) faults.push(`has no viewport to zoom: ${JSON.stringify(viewport)}`);
if (all("h1").length !== 1 || !document.querySelector("h1").textContent.trim()) faults.push("has no first heading, or several");

// Nothing that somebody typed became a part of the page.
const scripts = all("script").filter((e) => !/^\/static\/page\.[0-9a-f]{16}\.js$/.test(e.getAttribute("src") ?? "") || e.textContent);
const leads = ["href", "src", "action", "formaction", "xlink:href"];
const arms = ({ name, value }) => name.startsWith("on") || name === "style" || name === "srcdoc" || (leads.includes(name) && /^\s*javascript:/i.test(value));
const armed = all("*").filter((e) => [...e.attributes].some(arms));
const framed = all("iframe, object, embed, base, link[rel=import], meta[http-equiv], style");
for (const e of [...scripts, ...armed, ...framed]) faults.push(`has what nobody here wrote: ${e.outerHTML.slice(0, 120)}`);
if (window.__ran) faults.push("ran a script that somebody typed");

// What changes something shows the mark that other sites do not know, and goes to ourselves.
for (const form of all("form")) {
  if (form.method === "post" && !form.querySelector("input[type=hidden][name=csrf]")?.value) faults.push(`has a form without the mark: ${form.getAttribute("action")}`);
  if (new URL(form.action, location.href).origin !== location.origin) faults.push(`has a form that goes elsewhere: ${form.action}`);
}

// Everything is worked with the keyboard, in the order it is read.
const able = all("a[href], button:not([disabled]), input:not([type=hidden]):not([disabled]), select:not([disabled]), textarea:not([disabled]), summary");
for (const e of able) if (e.tabIndex !== 0) faults.push(`is not in the keyboard's order: ${e.outerHTML.slice(0, 120)}`);
const keys = all("[accesskey]").filter((e) => e.checkVisibility()).map((e) => e.accessKey);
if (new Set(keys).size !== keys.length) faults.push(`has an access key twice: ${keys}`);
return faults;
