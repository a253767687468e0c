"""Oracle of foresight.rs, in fractions. A line is one of

  curve AGE DUE_AGE answered AGE... open AGE...     ->  chance of a breach by redistribution to the right (Efron 1967), or -1 if too few
  forecast PERCENT AGE DUE_AGE answered AGE... open AGE...  ->  least age by which so many percent are answered (-2: never) and share by DUE_AGE; -1 if too few
  record (TOLD:0|1)...                              ->  base brier skill reliability resolution within, then per bin: told observed count

The curve is not computed by the product over ages: each affair has a mass of 1/n, and one that still waits hands its mass in equal parts to
all that are older; what an affair that is the oldest holds stays beyond every age."""

import sys
from fractions import Fraction


def masses(words):
    split = words.index("open")
    answered, waiting = [int(w) for w in words[1:split]], [int(w) for w in words[split + 1 :]]
    # At one age those that were answered come before those that wait.
    people = sorted([(a, 0) for a in answered] + [(w, 1) for w in waiting])
    mass = [Fraction(1, max(len(people), 1))] * len(people)
    beyond = Fraction(0)
    for i, (_, waits) in enumerate(people):
        if waits:
            older = len(people) - i - 1
            if older == 0:
                beyond += mass[i]
            for j in range(i + 1, len(people)):
                mass[j] += mass[i] / older
            mass[i] = Fraction(0)
    def share(limit):
        return beyond + sum(m for m, (a, _) in zip(mass, people) if a > limit)
    return answered, share


def curve(words):
    age, due = int(words[0]), int(words[1])
    answered, share = masses(words[2:])
    if age >= due:
        return [1]
    if sum(a > age for a in answered) < 20:
        return [-1]
    return [float(share(due) / share(age))]


def forecast(words):
    percent, age, due = int(words[0]), int(words[1]), int(words[2])
    answered, share = masses(words[3:])
    if sum(a > age for a in answered) < 20:
        return [-1]
    by = [a for a in sorted(answered) if a > age and (share(age) - share(a)) * 100 >= percent * share(age)]
    return [by[0] if by else -2, float(1 - share(max(due, age)) / share(age))]


def record(words):
    told = [(Fraction(float(p)), Fraction(int(o)), sum(float(p) >= k / 10 for k in range(1, 10))) for p, o in (w.split(":") for w in words)]
    n = len(told)
    base = sum(o for _, o, _ in told) / n
    brier = sum((p - o) ** 2 for p, o, _ in told) / n
    reliability = resolution = within = Fraction(0)
    rows = []
    for b in range(10):
        mine = [(p, o) for p, o, bin_ in told if bin_ == b]
        if mine:
            k = len(mine)
            p_, o_ = sum(p for p, _ in mine) / k, sum(o for _, o in mine) / k
            reliability += k * (p_ - o_) ** 2 / n
            resolution += k * (o_ - base) ** 2 / n
            # The variance of the forecasts in the bin less twice their covariance with the outcomes.
            within += sum((p - p_) ** 2 - 2 * (p - p_) * (o - o_) for p, o in mine) / n
            rows += [p_, o_, k]
    climatology = base * (1 - base)
    skill = 1 - brier / climatology if climatology else -9
    return [float(x) for x in [base, brier, skill, reliability, resolution, within, *rows]]


for line in sys.stdin:
    kind, *rest = line.split()
    print(*{"curve": curve, "forecast": forecast, "record": record}[kind](rest))
