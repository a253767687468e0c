#!/usr/bin/env python3
"""Holds REST against its own OpenAPI document, as each role: schemathesis sends what the document allows and what it does not.

    pip install schemathesis==4.32.5
    cargo build --release -p ventanilla-tests --bin ventanilla-rest
    tests/rest/schemathesis.py [--examples 10] [--roles agent,ombudsman] [--binary target/release/ventanilla-rest]

Asked for: no server error, no answer that the document does not have (status, media type, headers, schema), no call that
goes without the token it asks for. Exits with 1 when anything is found.

The document is given the names of what is there, so that not every call ends at NOT_FOUND. Streams of events do not end, and
lines of JSON are nothing that schemathesis can write: both are left out, and have tests of their own
(`tests/tests/it/gateway_rest.rs`). `--planted-fault` spoils the document, which must be found.

Of an affair that is younger than two minutes and has no clock the office answers with good reason that sla-monitor may not have
heard of it yet (503): the first call waits until what is there is older.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "ignored_auth",
    "unsupported_method",
]
YOUNG = 125
ROOT = pathlib.Path(__file__).resolve().parents[2]


def with_examples(document, resources):
    """Gives every part of a path the id of something of that kind that is there, as one of what it may be."""
    ids = {}
    for name in resources.values():
        parts = name.split("/")
        for collection, one in zip(parts[::2], parts[1::2]):
            ids.setdefault(collection, []).append(one)
    for path, item in document["paths"].items():
        before = {}
        steps = path.split(":")[0].split("/")
        for collection, step in zip(steps, steps[1:]):
            if step.startswith("{"):
                before[step.strip("{}")] = collection
        for operation in item.values():
            for parameter in operation["parameters"]:
                known = ids.get(before.get(parameter.get("name"), ""), [])
                if parameter.get("in") == "path" and known:
                    schema = parameter["schema"]
                    parameter["schema"] = {"anyOf": [{"type": "string", "enum": sorted(set(known))}, schema]}
    return document


def spoilt(document):
    """The document without a status that comes, and with a token asked for where none is needed."""
    for item in document["paths"].values():
        for operation in item.values():
            operation["responses"].pop("400", None)
            operation.pop("security", None)
    return document


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--examples", type=int, default=10, help="requests per call and kind")
    arguments.add_argument("--roles", default="", help="only these, by comma; all when left out")
    arguments.add_argument("--binary", default=str(ROOT / "target/release/ventanilla-rest"))
    arguments.add_argument("--schemathesis", default="schemathesis")
    arguments.add_argument("--seed", type=int, default=7)
    arguments.add_argument("--phases", default="coverage,fuzzing")
    arguments.add_argument("--include", default="", help="only operations whose id matches this expression")
    arguments.add_argument("--planted-fault", action="store_true", help="spoil the document first")
    given = arguments.parse_args()

    gateway = subprocess.Popen([given.binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        ready = json.loads(gateway.stdout.readline())
        with urllib.request.urlopen(ready["url"] + "/openapi.json") as answer:
            document = with_examples(json.load(answer), ready["resources"])
        if given.planted_fault:
            document = spoilt(document)
        roles = given.roles.split(",") if given.roles else sorted(ready["tokens"])
        red = []
        print(f"== waits {YOUNG} s, until the affairs that are there are old enough", flush=True)
        time.sleep(YOUNG)
        with tempfile.TemporaryDirectory() as folder:
            schema = os.path.join(folder, "openapi.json")
            with open(schema, "w", encoding="utf-8") as file:
                json.dump(document, file)
            for role in roles:
                command = [
                    given.schemathesis, "run", schema, "--url", ready["url"],
                    "--checks", ",".join(CHECKS), "--phases", given.phases, "--max-examples", str(given.examples),
                    "--header", f"Authorization: Bearer {ready['tokens'][role]}",
                    "--exclude-operation-id-regex", "^(Watch.*|IngestFacts|IngestSourceRecords)$", "--request-timeout", "30",
                    "--seed", str(given.seed), "--generation-database", "none", "--warnings", "off",
                    "--suppress-health-check", "all", "--continue-on-failure", "--no-shrink",
                ]
                if given.include:
                    command += ["--include-operation-id-regex", given.include]
                print(f"== as {role}", flush=True)
                if subprocess.run(command, cwd=folder).returncode != 0:
                    red.append(role)
    finally:
        gateway.stdin.close()
        gateway.wait(timeout=30)
    if red:
        sys.exit(f"found something as: {', '.join(red)}")


if __name__ == "__main__":
    main()
