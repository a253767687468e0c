"""Holds what was sent against the reference libraries `standardwebhooks` and `cloudevents` of PyPI.

Reads one JSON object: `secrets` that hold, `others` that do not, `headers`, `body`. Prints the event's id, or fails.
"""

import json
import sys

from standardwebhooks import Webhook, WebhookVerificationError

given = json.load(sys.stdin)
headers, body = given["headers"], given["body"]
for secret in given["secrets"]:
    Webhook(secret).verify(body, headers)


def holds(secret, body, headers):
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return False
    return True


for secret in given["others"]:
    assert not holds(secret, body, headers), "another secret holds"
good = given["secrets"][0]
assert not holds(good, body.replace("billing", "network"), headers), "another body holds"
assert not holds(good, body, {**headers, "webhook-id": "another"}), "another id holds"
old = str(int(headers["webhook-timestamp"]) - 3600)
assert not holds(good, body, {**headers, "webhook-timestamp": old}), "another time holds"

try:
    from cloudevents.core.bindings.http import HTTPMessage, from_http_event

    event = from_http_event(HTTPMessage(headers=headers, body=body.encode()))
    told = {
        "id": event.get_id(),
        "source": event.get_source(),
        "type": event.get_type(),
        "subject": event.get_subject(),
        "data": event.get_data(),
        "partitionkey": event.get_extension("partitionkey"),
        "time": event.get_time().timestamp(),
    }
except ImportError:
    from datetime import datetime

    from cloudevents.http import from_http

    event = from_http(headers, body)
    told = {name: event[name] for name in ("id", "source", "type", "subject", "partitionkey")}
    told["data"] = event.data
    told["time"] = datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp()
sent = json.loads(body)
assert told["time"] > 0 and told["data"] == sent["data"], told
for name in ("id", "source", "type", "subject", "partitionkey"):
    assert told[name] == sent[name], name
print(told["id"])
