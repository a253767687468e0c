"""Dashboards, alerts and runbooks fit one another. Prints the dashboards' questions as a rule file for promtool."""

import json
import pathlib
import sys

import yaml

DEPLOY = pathlib.Path(sys.argv[1])


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
