"""Oracle of proportion.rs: the ends of the score interval by bisection in decimals of 40 digits, and the sample needed by trying every size.
Reads `with of all`, writes `low high reach needed`; `needed` is -1 where there are too many sizes to try."""

import sys
from decimal import Decimal, getcontext
from statistics import NormalDist

getcontext().prec = 40
Z2 = Decimal(NormalDist().inv_cdf(0.975)) ** 2


def edge(share, n, total, outside):
    inside = share
    for _ in range(50):
        p = (inside + outside) / 2
        if (share - p) ** 2 * n * (total - 1) <= Z2 * p * (1 - p) * (total - n):
            inside = p
        else:
            outside = p
    return inside


def ends(share, n, total):
    return [share, share] if n >= total else [edge(share, n, total, Decimal(side)) for side in (0, 1)]


def compatible(share, p, n, total):
    return (share - p) ** 2 * n * (total - 1) <= Z2 * p * (1 - p) * (total - n)


def enough(share, n, total):
    """Whether no true share more than five points away is compatible with the share."""
    away = [p for p in (share - Decimal("0.05"), share + Decimal("0.05")) if 0 < p < 1]
    return n >= total or (n > 0 and not any(compatible(share, p, n, total) for p in away))


for line in sys.stdin:
    with_, of, total = map(int, line.split())
    share = Decimal(with_) / of
    low, high = ends(share, of, total)
    sizes = range(0, total + 1) if total <= 3000 else []
    print(low, high, max(share - low, high - share), next((n for n in sizes if enough(share, n, total)), -1))
