"""Oracle of satisfaction.rs, from the definitions and by other means: every answer stands in a list, means and deviations are those of the
standard library, the ends of Wilson's interval are looked for by bisection, and Student's point by adding up his density. Reads a question and
how many said each point a line, writes `n`, then of mean, well, ill and net `value low high`, `- -` where there is no interval."""

import math
import sys
from functools import cache
from statistics import NormalDist, mean, stdev

Z = NormalDist().inv_cdf(0.975)
# Of each question: its lowest point, what speaks well, what speaks ill.
QUESTIONS = {
    "csat": (1, {4, 5}, {1, 2}),
    "nps": (0, {9, 10}, set(range(7))),
    "ces": (1, {5, 6, 7}, {1, 2, 3}),
}


@cache
def student(freedom):
    """The t within which 95 % of Student's distribution lies: t = sqrt(v) tan(a) makes its density cos(a)^(v-1), added up by Simpson's rule."""
    norm = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(math.pi)

    def within(angle, parts=400):
        step = angle / parts
        weight = lambda i: 1 if i in (0, parts) else 4 if i % 2 else 2
        return 2 * norm * step / 3 * sum(weight(i) * math.cos(i * step) ** (freedom - 1) for i in range(parts + 1))

    low, high = 0.0, math.pi / 2
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if within(middle) < 0.95 else (low, middle)
    return math.sqrt(freedom) * math.tan(low)


def of_mean(values, lowest, highest):
    centre = mean(values)
    if len(set(values)) < 2:
        return [centre, "-", "-"]
    half = student(len(values) - 1) * stdev(values) / math.sqrt(len(values))
    return [centre, max(lowest, centre - half), min(highest, centre + half)]


def of_share(with_it, n):
    share = with_it / n

    def edge(outside):
        inside = share
        for _ in range(60):
            p = (inside + outside) / 2
            if (share - p) ** 2 <= Z * Z * p * (1 - p) / n:
                inside = p
            else:
                outside = p
        return inside

    return [share, edge(0.0), edge(1.0)]


for line in sys.stdin:
    question, *counts = line.split()
    lowest, well, ill = QUESTIONS[question]
    said = [lowest + place for place, count in enumerate(map(int, counts)) for _ in range(count)]
    highest = lowest + len(counts) - 1
    net = [100 if point in well else -100 if point in ill else 0 for point in said]
    out = [len(said), *of_mean(said, lowest, highest)]
    out += of_share(sum(point in well for point in said), len(said)) + of_share(sum(point in ill for point in said), len(said))
    print(*out, *of_mean(net, -100, 100))
