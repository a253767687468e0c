"""Oracle of silence.rs, from the definition and by other means: the ends of the score interval are looked for by bisection, in decimals of
50 digits. Reads `finished asked answered dissatisfied came_back` a line, writes `least most` and, from 30 answers on,
`affairs low high contradicted`."""

import sys
from decimal import Decimal, getcontext
from statistics import NormalDist

getcontext().prec = 50
# Two-sided 95 %, to the precision the standard library has.
Z2 = Decimal(NormalDist().inv_cdf(0.975)) ** 2


def edge(share, n, total, outside):
    """Where, between the share seen and `outside` (0 or 1), a true share stops being compatible with it."""
    inside = share
    for _ in range(60):
        p = (inside + outside) / 2
        if (share - p) ** 2 <= Z2 * p * (1 - p) / n * (total - n) / (total - 1):
            inside = p
        else:
            outside = p
    return inside


for line in sys.stdin:
    finished, asked, answered, dissatisfied, came_back = map(int, line.split())
    # Who answered and was content is the only one known not to be dissatisfied.
    least, most = dissatisfied + came_back, finished - (answered - dissatisfied)
    out = [least, most]
    if answered >= 30:
        share = Decimal(dissatisfied) / answered
        ends = [edge(share, answered, finished, Decimal(side)) * finished for side in (0, 1)]
        out += [min(max(x, least), most) for x in [share * finished, *ends]] + [int(least > ends[1])]
    print(*out)
