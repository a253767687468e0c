"""Says what an event log shows of a process map, and compares it with what `ventanilla import FILE.csv --json` says.

    python3 event_log.py FILE.csv REPORT.json

Reads the CSV by itself and takes nothing from the report but the map (ids of steps, what follows them, where affairs begin
and end). Standard library alone. Prints every difference and ends with 1 if there is one.
"""

import csv
import json
import math
import re
import sys
from collections import Counter, defaultdict
from datetime import datetime, timezone
from zoneinfo import ZoneInfo


def instant(text):
    """Microseconds since 1970: the wall clock of Madrid, the first of two where there are two."""
    wall = datetime.fromisoformat(text.strip().replace("T", " ")).replace(tzinfo=ZoneInfo("Europe/Madrid"))
    since = wall.astimezone(timezone.utc) - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def cases(path):
    """Each case as (activity, instant) pairs in the order of instants, then of lines."""
    found = defaultdict(list)
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["CaseID"]].append((row["ActivityID"], instant(row["CompleteTimestamp"])))
    return [sorted(events, key=lambda event: event[1]) for events in found.values()]


def slug(label):
    plain = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")
    return plain if re.match(r"[a-z]", plain) else f"step-{plain}"


def stays(events):
    """(step, entered, left), one activity again and again being one stay; the last one ends with the case."""
    entered = [events[0]]
    for activity, at in events[1:]:
        if activity != entered[-1][0]:
            entered.append((activity, at))
    left = [at for _, at in entered[1:]] + [events[-1][1]]
    return [(slug(activity), at, until) for (activity, at), until in zip(entered, left)]


def nearest_rank(values, percent):
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]


def main(log, report):
    with open(report, encoding="utf-8") as file:
        said = json.load(file)["process"]
    steps = {step["step"]: step for step in said["steps"]}
    courses = [stays(events) for events in cases(log)]
    wrong = []

    def compare(what, told, found):
        close = isinstance(found, float) and told is not None and math.isclose(told, found, rel_tol=1e-9, abs_tol=1e-6)
        if not close and told != found:
            wrong.append(f"{what}: the report says {told}, the log {found}")

    def on_map(course):
        ids = [step for step, _, _ in course]
        ways = all(to in steps[step]["next"] for step, to in zip(ids, ids[1:]))
        return steps[ids[0]]["may_begin"] and ways and steps[ids[-1]]["may_end"]

    compare("cases", said["cases"], len(courses))
    compare("ended", said["ended"], len(courses))
    compare("conforming", said["conforming"], sum(map(on_map, courses)))
    took, visitors, moves = defaultdict(list), defaultdict(int), Counter()
    for course in courses:
        for step, entered, left in course:
            took[step].append((left - entered) / 1e6)
        for step in {step for step, _, _ in course}:
            visitors[step] += 1
        ids = [None, *(step for step, _, _ in course), None]
        moves.update(zip(ids, ids[1:]))
    compare("steps", set(steps), set(took))
    everything = sum(sum(times) for times in took.values())
    for step, times in took.items():
        told = steps.get(step, {})
        compare(f"{step}: visits", told.get("visits"), len(times))
        compare(f"{step}: cases", told.get("cases"), visitors[step])
        compare(f"{step}: open", told.get("open"), 0)
        compare(f"{step}: total", told.get("total_seconds"), float(sum(times)))
        compare(f"{step}: share", told.get("share"), sum(times) / everything if everything else None)
        compare(f"{step}: p50", told.get("p50_seconds"), float(nearest_rank(times, 50)))
        compare(f"{step}: p90", told.get("p90_seconds"), float(nearest_rank(times, 90)))
        compare(f"{step}: longest", told.get("longest_seconds"), float(max(times)))
    compare("moves", {(move["from"], move["to"]): move["count"] for move in said["moves"]}, dict(moves))
    for move in said["moves"]:
        way = move["from"], move["to"]
        lets = steps[way[1]]["may_begin"] if way[0] is None else steps[way[0]]["may_end"] if way[1] is None else way[1] in steps[way[0]]["next"]
        compare(f"{way}: on the map", move["on_map"], lets)

    print("\n".join(wrong) if wrong else f"{len(courses)} cases, {sum(moves.values())} moves and {len(took)} steps agree")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
