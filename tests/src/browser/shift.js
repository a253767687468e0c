// How far things moved that somebody was reading, without their having touched anything; and which.
const done = arguments[arguments.length - 1];
let moved = 0;
const who = [];
const place = ({ x, y, width, height }) => [x, y, width, height].map(Math.round).join(" ");
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) {
    if (shift.hadRecentInput) continue;
    moved += shift.value;
    for (const { node, previousRect, currentRect } of shift.sources) {
      const name = node?.nodeName + (node?.className ? `.${node.className}` : "");
      who.push(`${name} from ${place(previousRect)} to ${place(currentRect)}`);
    }
  }
}).observe({ type: "layout-shift", buffered: true });
// Two pictures later everything is told that has happened.
requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done([moved, who.slice(0, 5).join(", ")]))));
