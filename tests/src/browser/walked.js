// Where the keyboard did not come to, and where it came unseen.
const told = (e) => e.outerHTML.slice(0, 120);
const able = [...document.querySelectorAll("a[href], button:not([disabled]), input:not([type=hidden]):not([disabled]), select:not([disabled]), textarea:not([disabled]), summary, [tabindex='0']")];
// Of buttons of which one is chosen the keyboard comes to one, and goes on to the others by arrows.
const group = (e) => e.type === "radio" && able.some((other) => other.name === e.name && window.__walked.has(other));
const missed = able.filter((e) => e.checkVisibility() && !window.__walked.has(e) && !group(e));
return [...missed.map((e) => `is not reached with the keyboard: ${told(e)}`), ...[...window.__unseen].map((e) => `does not show where the keyboard is: ${told(e)}`)];
