"""What the schemas of Kubernetes cannot know: everything that an object names is rendered beside it, or listed as one's own to bring.

Custom resources included: kustomize renames a generated ConfigMap where it knows the field, and nowhere else.
"""

import re
import tomllib

SERVICES = ("customer-profile", "ticketing", "sla-monitor", "ombudsman-escalation", "webhooks")
STEP = "app.kubernetes.io/component"
# Connections that a Job has at once, by its command.
OF_JOBS = {"migrate": 1, "ledger-month": 1, "ledger-archive": 2, "doctor": 2}
# Those that are nobody's here: three of Postgres's own for superusers, the rest the operator's and a person's who looks.
LEFT = 8
# Keys of what cert-manager makes.
CERTIFICATE = {"tls.crt", "tls.key", "ca.crt"}
# Field -> kind of what it names; by `name` and perhaps `key`.
NAMED = {
    "configMap": "ConfigMap", "configMapKeyRef": "ConfigMap", "configMapRef": "ConfigMap", "configMapRefs": "ConfigMap",
    "secretKeyRef": "Secret", "secretRef": "Secret", "secretRefs": "Secret", "secret": "Secret", "passwordSecret": "Secret",
    "imagePullSecrets": "Secret", "superuserSecret": "Secret", "accessKeyId": "Secret", "secretAccessKey": "Secret",
}  # fmt: skip


def brought(readme: str) -> dict:
    """(kind, name) -> keys of what the README lists as one's own; None where none are listed."""
    listed = {}
    for row in re.findall(r"^\| (.+?) \| (.+?) \|$", readme.split("\n## Kubernetes\n")[1].split("\n## ")[0], re.M):
        kind = next((word for word in ("ConfigMap", "Issuer") if row[0].startswith(word)), "Secret")
        keys = set(re.findall(r"`([\w.-]+)`", row[1].split(", e.g.")[0])) or None
        for name in re.findall(r"`([\w.-]+)`", row[0]):
            for service in SERVICES if "NAME" in name else ("",):
                listed.setdefault((kind, name.replace("NAME", service)), keys)
    return listed


def references(thing):
    """(kind, name, key or None) of everything that is named; a kind of None is a field that this check does not know."""
    custom = "." in thing["apiVersion"].split("/")[0] and not thing["apiVersion"].split("/")[0].endswith(".k8s.io")

    def walk(node, field):
        if isinstance(node, list):
            for each in node:
                yield from walk(each, field)
        elif isinstance(node, dict):
            if field == "scaleTargetRef" or field == "issuerRef":
                yield node["kind"], node["name"], None
            elif field in NAMED and isinstance(node.get("name"), str):
                items = [item["key"] for item in node.get("items", [])] or [node.get("key")]
                yield from ((NAMED[field], node["name"], key) for key in items)
            elif custom and field == "cluster" and "name" in node:
                yield "Cluster", node["name"], None
            elif custom and field != "metadata" and "name" in node and set(node) <= {"name", "key", "namespace"}:
                yield None, f"{field}: {node['name']}", None
            for key, value in node.items():
                yield from walk(value, key)
        elif field == "secretName" and thing["kind"] != "Certificate":
            yield "Secret", node, None
        elif field == "claimName":
            yield "PersistentVolumeClaim", node, None
        elif field == "serviceAccountName":
            yield "ServiceAccount", node, None

    yield from walk(thing.get("spec", {}), "spec")


def templates(things):
    for thing in things:
        spec = thing.get("spec", {})
        if thing["kind"] in ("Deployment", "Job"):
            yield thing, spec["template"]
        elif thing["kind"] == "CronJob":
            yield thing, spec["jobTemplate"]["spec"]["template"]


def missing(things, readme: str):
    """A sentence for everything that is named and neither there nor to be brought."""
    there = {}
    for thing in things:
        there[thing["kind"], thing["metadata"]["name"]] = set(thing.get("data", {})) or None
        if thing["kind"] == "Certificate":
            there["Secret", thing["spec"]["secretName"]] = CERTIFICATE
    there.update({pair: keys for pair, keys in brought(readme).items() if pair not in there})
    for thing in things:
        name = f"{thing['kind']} {thing['metadata']['name']}"
        for kind, other, key in references(thing):
            if kind is None:
                yield f"{name}: names something by `{other}`, a field that this check does not know"
            elif (kind, other) not in there:
                yield f"{name}: names the {kind} {other}, which is neither rendered nor listed in deploy/README.md"
            elif key and there[kind, other] is not None and key not in there[kind, other]:
                yield f"{name}: reads {key} of the {kind} {other}, which has no such key"
        selector = thing.get("spec", {}).get("selector")
        if thing["kind"] in ("Service", "PodDisruptionBudget", "PodMonitor"):
            asked = selector.get("matchLabels", selector)
            if not any(asked.items() <= pod["metadata"]["labels"].items() for _, pod in templates(things)):
                yield f"{name}: selects no pod"
    steps = {(thing["kind"], thing["metadata"]["name"]): thing["metadata"].get("labels", {}).get(STEP) for thing in things}
    before = {"database": ["database"], "migration": ["database", "migration"]}
    for thing in things:
        step = steps[thing["kind"], thing["metadata"]["name"]]
        for kind, other, _ in references(thing):
            if step in before and steps.get((kind, other), step) not in before[step]:
                yield f"{thing['kind']} {thing['metadata']['name']}: is applied with {step}, and the {kind} {other} only later"
    for name in ("Cluster", "Job", "Namespace", "NetworkPolicy"):
        if not any(step in before for (kind, _), step in steps.items() if kind == name):
            yield f"{name}: none is applied before the rest"
    yield from connections(things)
    yield from ways(things)
    for thing, pod in templates(things):
        yield from (f"{thing['kind']} {thing['metadata']['name']}: {what}" for what in files(pod["spec"], there))
        yield from (f"{thing['kind']} {thing['metadata']['name']}: {what}" for what in settings(pod["spec"], things))


def files(pod, there):
    """Paths below a mounted Secret or ConfigMap are keys of it."""
    volumes = {}
    for volume in pod.get("volumes", []):
        if "configMap" in volume:
            volumes[volume["name"]] = ("ConfigMap", volume["configMap"]["name"])
        elif "secret" in volume:
            volumes[volume["name"]] = ("Secret", volume["secret"]["secretName"])
    for container in pod["containers"]:
        said = [variable.get("value", "") for variable in container.get("env", [])] + container.get("args", [])
        mounted = tuple(mount["mountPath"] for mount in container.get("volumeMounts", []))
        yield from (f"reads {path}, which is not mounted" for path in said if path.startswith("/") and not path.startswith(mounted))
        for mount in container.get("volumeMounts", []):
            of = volumes.get(mount["name"])
            for path in said:
                if of and path.startswith(mount["mountPath"] + "/") and there.get(of):
                    key = path.removeprefix(mount["mountPath"] + "/")
                    if key not in there[of]:
                        yield f"reads {path}, and the {of[0]} {of[1]} has no {key}"


def settings(pod, things):
    """What a serving process would go by, the environment over its file: no example, and no address that nothing here answers at."""
    ports = {
        f"{thing['metadata']['name']}:{port['port']}" for thing in things if thing["kind"] == "Service" for port in thing["spec"]["ports"]
    }
    for container in pod["containers"]:
        arguments = container.get("args", [])
        if arguments[:1] not in (["serve"], ["doctor"]):
            continue
        said = goes_by(container, things)
        for needed in ("auth.issuer", "auth.audience", "telemetry.otlp-endpoint"):
            if said.get(needed, "") is not None:
                yield f"{needed} is {said.get(needed, 'nobody’s')!r}: it must be the house's own"
        if arguments[0] == "doctor":
            asked = (said.get("listen"), said.get("telemetry.metrics-listen"))
            yield from (f"it asks {address}, where nothing listens" for address in asked if address not in ports)
        for key, value in said.items():
            if not isinstance(value, str):
                continue
            if ".example" in value:
                yield f"{key} is the example {value!r}"
            address = re.fullmatch(r"https?://([\w.-]+:\d+)", value)
            if address and address[1] not in ports:
                yield f"{key} is {value!r}, where nothing listens"


def goes_by(container, things):
    """The settings of a process, the environment over its file."""
    files = {key: text for thing in things if thing["kind"] == "ConfigMap" for key, text in thing["data"].items() if key.endswith(".toml")}
    # The window's file is a secret of the house; what goes over it is held all the same.
    file = next(word for word in container["args"] if word.endswith(".toml")).rsplit("/", 1)[-1]
    said = dict(leaves(tomllib.loads(files.get(file, ""))))
    for variable in container.get("env", []):
        key = variable["name"].removeprefix("VENTANILLA__").lower().replace("_", "-").replace("--", ".")
        said[key] = variable.get("value")  # None where it comes from what is brought
    return said


def connections(things):
    """Postgres has a connection for every process at its most, one more of each while it is rolled, and the Jobs beside them."""
    clusters = [thing for thing in things if thing["kind"] == "Cluster"]
    scaled = {thing["spec"]["scaleTargetRef"]["name"]: thing["spec"]["maxReplicas"] for thing in things if thing["kind"] == "HorizontalPodAutoscaler"}
    asked, told = {}, {}
    for thing, pod in templates(things):
        name, spec = thing["metadata"]["name"], thing["spec"]
        for container in pod["spec"]["containers"]:
            arguments = container.get("args", [])
            if arguments[:1] not in (["serve"], *([job] for job in OF_JOBS)):
                continue
            said = goes_by(container, things)
            if "service.database.url" not in said:
                continue
            if arguments[0] == "serve":
                surge = spec.get("strategy", {}).get("rollingUpdate", {}).get("maxSurge", "25%")
                most = scaled.get(name, spec.get("replicas", 1))
                more = -(-most * int(surge[:-1]) // 100) if isinstance(surge, str) else surge
                # Its pool, and the one by which it looks whether the database answers.
                asked[name] = (most + more) * (int(said.get("service.database.max-connections", 16)) + 1)
            else:
                asked[name] = OF_JOBS[arguments[0]]
            if arguments[0] == "doctor":
                told[name] = next((int(word.split("=")[1]) for word in arguments if word.startswith("--replicas=")), 1)
    for name, replicas in told.items():
        most = scaled.get(name.removeprefix("doctor-"), 1)
        if replicas != most:
            yield f"CronJob {name}: is told of {replicas} replicas, and there may be {most}"
    for cluster in clusters:
        given, total = int(cluster["spec"]["postgresql"]["parameters"]["max_connections"]), sum(asked.values()) + LEFT
        if total > given:
            parts = ", ".join(f"{name} {count}" for name, count in asked.items())
            yield f"Cluster {cluster['metadata']['name']}: gives {given} connections, and {total} may be asked for: {parts}, {LEFT} of nobody here"


def ways(things):
    """Who has an address of the database may reach it, where nothing is allowed but what a policy allows."""
    policies = [thing["spec"] for thing in things if thing["kind"] == "NetworkPolicy"]
    allowing = [policy for policy in policies if any(rule.get("port") == 5432 for way in policy.get("egress", []) for rule in way.get("ports", []))]
    for thing, pod in templates(things):
        labels = pod["metadata"].get("labels", {})
        wants = any(variable["name"].endswith("__DATABASE__URL") for container in pod["spec"]["containers"] for variable in container.get("env", []))
        if wants and not any(selected(policy["podSelector"], labels) for policy in allowing):
            yield f"{thing['kind']} {thing['metadata']['name']}: no policy lets it reach the database"


def selected(selector, labels):
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    return all(labels.get(rule["key"]) in rule["values"] for rule in selector.get("matchExpressions", []) if rule["operator"] == "In")


def leaves(table, before=""):
    for key, value in table.items():
        name = f"{before}{key}".lower().replace("_", "-")
        if isinstance(value, dict):
            yield from leaves(value, f"{name}.")
        else:
            yield name, value
