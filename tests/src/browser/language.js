// The link to the other language leads to a page from here too, where a form was answered as well.
const done = arguments[arguments.length - 1];
const link = document.querySelector("header a[hreflang]");
if (!link || link.hreflang === document.documentElement.lang) done("has no link to the other language");
else fetch(link.href, { credentials: "omit", redirect: "manual" }).then(
  ({ status }) => done(status === 405 ? `has a link to the other language that leads nowhere: ${link.href}` : null),
  (error) => done(`has a link to the other language that fails: ${error}`),
);
