// What axe finds against the page as it is shown: arguments are its settings.
const done = arguments[arguments.length - 1];
const told = (violation) => `${violation.id}: ${violation.help} at ${violation.nodes.map((node) => node.target.join(" ")).slice(0, 3).join(", ")}`;
axe.run(document, { ...arguments[0], resultTypes: ["violations"] }).then(
  (found) => done(found.violations.map(told)),
  (error) => done([`axe failed: ${error}`]),
);
