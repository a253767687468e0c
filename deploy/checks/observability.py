"""Dashboards, alerts and runbooks fit one another. Prints the dashboards' questions as a rule file for promtool."""

import json
import pathlib
import re
import sys
import tomllib

import yaml

DEPLOY = pathlib.Path(sys.argv[1])


PROCESSES = {"gateway", "customer-profile", "ticketing", "sla-monitor", "ombudsman-escalation", "webhooks"}


def watched(deploy):
    """Every process is looked for by every scrape, under the labels by which the alerts miss it."""
    alerts = (deploy / "observability/prometheus/rules/alerts.yml").read_text()
    missed = set(re.findall(r'absent\(up{job="ventanilla",process="([\w-]+)"}\)', alerts))
    if missed != PROCESSES:
        yield f"no alert misses {', '.join(sorted(PROCESSES ^ missed))}"
    ports = {}
    for name in PROCESSES:
        settings = tomllib.loads((deploy / f"config/{name}.toml").read_text())
        ports[name] = settings["telemetry"]["metrics_listen"]
    for file in ("local", "compose"):
        (scrape,) = yaml.safe_load((deploy / f"observability/prometheus/{file}.yml").read_text())["scrape_configs"]
        found = {one["labels"].get("process"): one["targets"] for one in scrape["static_configs"]}
        for name in sorted(PROCESSES):
            if found.get(name) != [ports[name] if file == "local" else f"{name}:9464"]:
                yield f"{file}.yml looks for {name} at {found.get(name)}"
        if scrape["job_name"] != "ventanilla":
            yield f"{file}.yml calls its job {scrape['job_name']}"
    monitor = yaml.safe_load((deploy / "kubernetes/components/prometheus/pods.yaml").read_text())["spec"]
    if monitor["jobLabel"] != "app.kubernetes.io/part-of" or monitor["podMetricsEndpoints"][0]["relabelings"][0]["targetLabel"] != "process":
        yield "on Kubernetes the alerts know no process by its name"
    for name in sorted(PROCESSES):
        pods = [
            one["spec"]["template"]
            for one in yaml.safe_load_all((deploy / f"kubernetes/base/{name}.yaml").read_text())
            if one["kind"] == "Deployment"
        ]
        for pod in pods:
            labels = pod["metadata"]["labels"]
            shown = [port["name"] for port in pod["spec"]["containers"][0]["ports"]]
            if labels.get("app.kubernetes.io/part-of") != "ventanilla" or labels.get("app.kubernetes.io/name") != name or "figures" not in shown:
                yield f"the pods of {name} are not found by their labels and port"


def main() -> int:
    wrong, cited = [], set()
    for rules in sorted((DEPLOY / "observability/prometheus/rules").glob("*.yml")):
        for group in yaml.safe_load(rules.read_text())["groups"]:
            for rule in group["rules"]:
                if "alert" not in rule:
                    continue
                page = rule.get("annotations", {}).get("runbook", "")
                if rule.get("labels", {}).get("severity") not in ("page", "ticket"):
                    wrong.append(f"{rule['alert']}: its severity is neither page nor ticket")
                if not page or not (DEPLOY.parent / page).is_file() and not (DEPLOY / page.removeprefix("deploy/")).is_file():
                    wrong.append(f"{rule['alert']}: there is no page {page or 'named'}")
                    continue
                cited.add(pathlib.Path(page).stem)
    for page in sorted((DEPLOY / "runbook").glob("*.md")):
        if page.stem not in cited:
            wrong.append(f"{page.name}: no alert leads to it")

    wrong.extend(watched(DEPLOY))
    questions, names = [], set()
    for path in sorted((DEPLOY / "observability/grafana/dashboards").glob("*.json")):
        board = json.loads(path.read_text())
        if board["uid"] in names:
            wrong.append(f"{path.name}: its uid is another's too")
        names.add(board["uid"])
        places = set()
        for panel in board["panels"]:
            place = panel["gridPos"]
            for x in range(place["x"], place["x"] + place["w"]):
                for y in range(place["y"], place["y"] + place["h"]):
                    if (x, y) in places or x >= 24:
                        wrong.append(f"{path.name}: {panel['title']} lies on another panel or outside")
                    places.add((x, y))
            for target in panel["targets"]:
                asked = target["expr"].replace("$__rate_interval", "5m").replace("$service", ".*").replace("$method", ".*").replace("$route", ".*")
                questions.append({"record": f"board:{len(questions)}", "expr": asked})
    for sentence in dict.fromkeys(wrong):
        print(sentence, file=sys.stderr)
    print(yaml.safe_dump({"groups": [{"name": "boards", "rules": questions}]}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
