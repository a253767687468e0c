"""Oracle of fairness.rs. A line is one of

  chi X FREEDOM            ->  chance of a chi-square variable of at least X, by its closed form
  fisher WITH OF KEPT ALL  ->  two-sided p, by counting tables in whole numbers
  holm P...                ->  corrected p values: the largest of (m - j + 1) p_(j) over the j no greater"""

import math
import sys
from fractions import Fraction


def chi(x, freedom):
    half = x / 2
    if freedom % 2 == 0:
        return math.exp(-half) * math.fsum(half**k / math.factorial(k) for k in range(freedom // 2))
    terms = (half ** (k - 0.5) / math.gamma(k + 0.5) for k in range(1, (freedom - 1) // 2 + 1))
    return math.erfc(math.sqrt(half)) + math.exp(-half) * math.fsum(terms)


def fisher(with_, of, kept, total):
    ways = [math.comb(kept, x) * math.comb(total - kept, of - x) for x in range(of + 1)]
    return float(Fraction(sum(w for w in ways if w <= ways[with_]), math.comb(total, of)))


def holm(values):
    m = len(values)
    def corrected(i):
        before = [j for j in range(m) if (values[j], j) <= (values[i], i)]
        return min(1, max((m - sum((values[k], k) < (values[j], j) for k in range(m))) * values[j] for j in before))
    return [corrected(i) for i in range(m)]


for line in sys.stdin:
    kind, *rest = line.split()
    if kind == "chi":
        print(chi(float(rest[0]), int(rest[1])))
    elif kind == "fisher":
        print(fisher(*map(int, rest)))
    else:
        print(*holm([float(w) for w in rest]))
