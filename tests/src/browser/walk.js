// Notes where the keyboard comes to, and whether that is seen; answers how many steps lead through the page. A date has four of its own, one with an hour eight.
window.__walked = new Set();
window.__unseen = new Set();
document.activeElement?.blur();
document.addEventListener("focusin", ({ target }) => {
  window.__walked.add(target);
  const { outlineStyle, outlineWidth } = getComputedStyle(target);
  if (outlineStyle === "none" || parseFloat(outlineWidth) < 2) window.__unseen.add(target);
});
const steps = document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']").length;
const dates = document.querySelectorAll("input[type=date]").length;
const hours = document.querySelectorAll("input[type=datetime-local]").length;
return steps + 4 * dates + 8 * hours + 3;
