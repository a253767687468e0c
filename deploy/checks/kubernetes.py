"""Holds every object on standard input against the schema of its kind, fields it does not know included.

Objects of operators (CloudNativePG, cert-manager) have no schema here: they are named, and only their shape is looked at.
"""

import sys

import kubernetes_validate
import yaml

VERSION = "1.32"


def main() -> int:
    wrong, held, unknown, seen = [], 0, [], set()
    for thing in yaml.safe_load_all(sys.stdin):
        if not thing:
            continue
        name = f"{thing['kind']} {thing['metadata']['name']}"
        if name in seen:
            wrong.append(f"{name}: is there twice")
        seen.add(name)
        if thing["apiVersion"].startswith(("postgresql.cnpg.io/", "cert-manager.io/")):
            unknown.append(name)
            continue
        try:
            kubernetes_validate.validate(thing, VERSION, strict=True)
            held += 1
        except Exception as error:  # each of the library's has the sentence we want
            wrong.append(f"{name}: {error}")
        wrong.extend(f"{name}: {what}" for what in habits(thing))
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    print(f"{held} objects held against the schemas of Kubernetes {VERSION}; not held: {', '.join(unknown) or 'none'}")
    return 1 if wrong else 0


def habits(thing):
    """What the schema allows and this house does not."""
    template = thing.get("spec", {}).get("template") if thing["kind"] in ("Deployment", "Job") else None
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


if __name__ == "__main__":
    sys.exit(main())
