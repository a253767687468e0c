// Holds what was sent against the reference library `standardwebhooks` of npm. Reads what check.py reads.
const { Webhook } = require("standardwebhooks");

const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
const holds = (secret, body, headers) => {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
};
const must = (what, so) => {
  if (!so) throw new Error(what);
};
for (const secret of given.secrets) must("a secret does not hold", holds(secret, given.body, given.headers));
for (const secret of given.others) must("another secret holds", !holds(secret, given.body, given.headers));
must("another body holds", !holds(given.secrets[0], given.body.replace("billing", "network"), given.headers));
must("another id holds", !holds(given.secrets[0], given.body, { ...given.headers, "webhook-id": "another" }));
console.log(JSON.parse(given.body).id);
