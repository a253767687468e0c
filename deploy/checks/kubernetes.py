"""Holds every object on standard input against the schema of its kind, fields it does not know included.

Objects of operators (CloudNativePG, cert-manager, Prometheus) have no schema here: they are named, and held for what they refer to alone.
"""

import pathlib
import sys

import kubernetes_validate
import yaml

import references

VERSION = "1.32"


def main() -> int:
    wrong, held, unknown, seen = [], 0, [], set()
    things = [thing for thing in yaml.safe_load_all(sys.stdin) if thing]
    for thing in things:
        name = f"{thing['kind']} {thing['metadata']['name']}"
        if name in seen:
            wrong.append(f"{name}: is there twice")
        seen.add(name)
        if thing["apiVersion"].startswith(("postgresql.cnpg.io/", "cert-manager.io/", "monitoring.coreos.com/")):
            unknown.append(name)
            continue
        try:
            kubernetes_validate.validate(thing, VERSION, strict=True)
            held += 1
        except Exception as error:  # each of the library's has the sentence we want
            wrong.append(f"{name}: {error}")
        wrong.extend(f"{name}: {what}" for what in habits(thing))
    wrong.extend(references.missing(things, pathlib.Path(sys.argv[1]).read_text()))
    for sentence in dict.fromkeys(wrong):
        print(sentence, file=sys.stderr)
    print(f"{held} objects held against the schemas of Kubernetes {VERSION}; not held: {', '.join(unknown) or 'none'}")
    return 1 if wrong else 0


def habits(thing):
    """What the schema allows and this house does not."""
    template = next((template for _, template in references.templates([thing])), None)
    if not template:
        return
    pod = template["spec"]
    if not pod.get("securityContext", {}).get("runAsNonRoot"):
        yield "a pod may run as root"
    if pod.get("automountServiceAccountToken") is not False:
        yield "a pod carries a token of the cluster that nothing here uses"
    for container in pod["containers"]:
        context = container.get("securityContext", {})
        if not context.get("readOnlyRootFilesystem") or context.get("allowPrivilegeEscalation") is not False:
            yield "a container may write its image or gain rights"
        if not container.get("resources", {}).get("limits", {}).get("memory"):
            yield "a container has no limit of memory"
        if thing["kind"] == "Deployment" and not {"startupProbe", "readinessProbe", "livenessProbe"} <= set(container):
            yield "a container is not asked how it is"
        if thing["kind"] == "Deployment" and asks_of_others(container.get("livenessProbe", {})):
            yield "a container is restarted for what it needs of others: no restart brings a database back"


def asks_of_others(probe):
    """Whether a probe asks what turns with the database: all of health, and not of the process alone."""
    if "grpc" in probe:
        return probe["grpc"].get("service") != "ventanilla.alive"
    if "exec" in probe:
        return "--alive" not in probe["exec"]["command"]
    return probe.get("httpGet", {}).get("path") != "/healthz"


if __name__ == "__main__":
    sys.exit(main())
