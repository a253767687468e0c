"""The rules of Prometheus as an object of its operator, in kubernetes/components/prometheus/rules.yaml.

    rule_object.py DEPLOY [write]      says whether the file is what the rules are; with `write` makes it so
"""

import pathlib
import sys

import yaml

HEAD = "# Made of observability/prometheus/rules by checks/rule_object.py (write); deploy/check holds the two together.\n"


def main() -> int:
    deploy = pathlib.Path(sys.argv[1])
    groups = [
        group for rules in sorted((deploy / "observability/prometheus/rules").glob("*.yml")) for group in yaml.safe_load(rules.read_text())["groups"]
    ]
    thing = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "ventanilla"},
        "spec": {"groups": groups},
    }
    made, file = HEAD + yaml.safe_dump(thing, sort_keys=False, width=1000, allow_unicode=True), deploy / "kubernetes/components/prometheus/rules.yaml"
    if sys.argv[2:] == ["write"]:
        file.write_text(made)
    if not file.is_file() or file.read_text() != made:
        print(f"{file} is not what observability/prometheus/rules are: deploy/checks/rule_object.py deploy write", file=sys.stderr)
        return 1
    print(f"{sum(len(group['rules']) for group in groups)} rules in an object")
    return 0


if __name__ == "__main__":
    sys.exit(main())
