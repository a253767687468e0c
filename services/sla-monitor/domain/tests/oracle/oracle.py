#!/usr/bin/env python3
"""A second opinion on due instants, written from the rules in words and not from the Rust code.

Standard library only. Reads cases from standard input and writes one microsecond instant a line, or `none` when nothing
counts. Lines:

    calendar ID WEEKDAYS HOURS HOLIDAYS EXCEPTIONS     (`-` for an empty list)
    zone ID CALENDAR DATA                              the days and hours of CALENDAR, in the zone that DATA describes
    case ID UNIT NUMBER ORIGIN_US PERCENT PAUSES

HOURS is `weekday:start-end,…` in minutes; HOLIDAYS `YYYY-MM-DD,…`; EXCEPTIONS `YYYY-MM-DD=start-end+start-end,…`;
PAUSES `from-to,…` in microseconds. PERCENT 100 asks for the due instant. DATA is the zone's compiled file (TZif, RFC 9636) in
hexadecimal digits.
"""

import copy
import datetime as dt
import io
import sys
from zoneinfo import ZoneInfo

UTC = dt.timezone.utc
NAIVE_EPOCH = dt.datetime(1970, 1, 1)
EPOCH = NAIVE_EPOCH.replace(tzinfo=UTC)
ONE = dt.timedelta(microseconds=1)
DAY = dt.timedelta(days=1)


def moment(us):
    return EPOCH + us * ONE


class Calendar:
    midnights = {}

    def __init__(self, weekdays, hours, holidays, exceptions):
        self.weekdays = {int(c) for c in weekdays}
        self.hours = {n: [] for n in range(1, 8)}
        for item in listed(hours):
            weekday, span = item.split(":")
            self.hours[int(weekday)].append(tuple(int(m) for m in span.split("-")))
        self.holidays = {dt.date.fromisoformat(d) for d in listed(holidays)}
        self.exceptions = {}
        for item in listed(exceptions):
            date, spans = item.split("=")
            self.exceptions[dt.date.fromisoformat(date)] = [
                tuple(int(m) for m in s.split("-")) for s in spans.split("+") if s
            ]

    def within(self, data):
        """The same days and hours in a zone."""
        zoned = copy.copy(self)
        zoned.zone = ZoneInfo.from_file(io.BytesIO(bytes.fromhex(data)))
        # Many zones have the same clocks, and with them the same midnights.
        zoned.midnights, zoned.spans = Calendar.midnights.setdefault(data, {}), {}
        return zoned

    def instant(self, naive):
        """Removed: first instant after the change. Repeated: the first of the two."""
        offset = self.zone.utcoffset(naive)
        early = (naive - offset - NAIVE_EPOCH) // ONE
        if self.zone.utcoffset(naive.replace(fold=1)) <= offset:
            return early
        # In a gap. The change lies between a day before and a day after: halve until one microsecond is left.
        low, high = early - 86_400_000_000, early + 86_400_000_000
        while high - low > 1:
            middle = (low + high) // 2
            if moment(middle).astimezone(self.zone).replace(tzinfo=None) > naive:
                high = middle
            else:
                low = middle
        return high

    def midnight(self, date):
        found = self.midnights.get(date)
        if found is None:
            found = self.midnights[date] = self.instant(dt.datetime(date.year, date.month, date.day))
        return found

    def date_of(self, us):
        return moment(us).astimezone(self.zone).date()

    def works(self, date):
        return date.isoweekday() in self.weekdays and date not in self.holidays

    def open_spans(self, date):
        if date in self.spans:
            return self.spans[date]
        if date in self.exceptions:
            spans = self.exceptions[date]
        elif date in self.holidays:
            spans = []
        else:
            spans = self.hours[date.isoweekday()]
        base = dt.datetime(date.year, date.month, date.day)
        out = []
        for start, end in spans:
            a = self.instant(base + dt.timedelta(minutes=start))
            b = self.instant(base + dt.timedelta(minutes=end))
            if a < b:
                out.append((a, b))
        out.sort()
        self.spans[date] = out
        return out


def listed(text):
    return [] if text == "-" else text.split(",")


def add_months(date, n):
    month = date.month - 1 + n
    year, month = date.year + month // 12, month % 12 + 1
    following = dt.date(year + month // 12, month % 12 + 1, 1)
    last = (following - DAY).day
    return dt.date(year, month, min(date.day, last))


def day_term(calendar, unit, number, origin, percent, pauses):
    first = calendar.date_of(origin)
    if unit == "mo":
        number, unit = (add_months(first, number) - first).days, "cd"
    elif unit == "w":
        number, unit = 7 * number, "cd"

    # No zone is two days from UTC: only a day that near to a pause is looked at closely, which saves nine tenths of the time.
    around = [(moment(a).date() - 2 * DAY, a, calendar.date_of(b)) for a, b in pauses]

    def still(date):
        """The pause began at or before the last microsecond of the day, and lasted into a later one."""
        for nearest, a, day in around:
            if nearest <= date < day and a <= calendar.midnight(date + DAY) - 1:
                return True
        return False

    if percent == 100:
        wanted, rest = number, None
    else:
        wanted, rest = divmod(number * percent, 100)
        if rest:
            wanted += 1
    date, found, idle = first, 0, 0
    moving_from = max([first, *(day for _, _, day in around)])
    while found < wanted:
        if unit == "cd" and date >= moving_from:
            # Nothing stands still any more, and every day counts.
            date += (wanted - found) * DAY
            break
        date += DAY
        if (unit != "bd" or calendar.works(date)) and not still(date):
            found, idle = found + 1, 0
        else:
            idle += 1
            if idle > 3660:
                return None
    if percent == 100:
        return calendar.midnight(date + DAY) - 1
    if not rest:
        return calendar.midnight(date + DAY)
    start = calendar.midnight(date)
    return start + (calendar.midnight(date + DAY) - start) * rest // 100


def minute_term(origin, length, pauses):
    """Walks the line of time from edge to edge."""
    now, left = origin, length
    for a, b in pauses:
        if now + left <= a:
            return now + left
        left -= a - now
        now = b
    return now + left


def open_term(calendar, origin, length, pauses):
    """Collects every open piece, sorts, and uses time up where it is neither counted nor paused."""
    date, counted_to, left, idle = calendar.date_of(origin) - DAY, origin, length, 0
    while idle < 3660:
        idle += 1
        for a, b in calendar.open_spans(date):
            if b <= counted_to:
                continue
            edges = sorted({a, b} | {e for pause in pauses for e in pause if a < e < b})
            for low, high in zip(edges, edges[1:]):
                if any(p <= low and high <= q for p, q in pauses):
                    continue
                low = max(low, counted_to)
                if low >= high:
                    continue
                if left <= high - low:
                    return low + left
                left -= high - low
                counted_to, idle = high, 0
        date += DAY
    return None


def main():
    calendars = {}
    answers = []
    for line in sys.stdin:
        kind, *rest = line.split()
        if kind == "calendar":
            name, *fields = rest
            calendars[name] = Calendar(*fields)
            continue
        if kind == "zone":
            name, like, data = rest
            calendars[name] = calendars[like].within(data)
            continue
        name, unit, number, origin, percent, pauses = rest
        calendar, number, origin, percent = calendars[name], int(number), int(origin), int(percent)
        pauses = [tuple(int(e) for e in p.split("-")) for p in listed(pauses)]
        if unit in ("bd", "cd", "w", "mo"):
            answer = day_term(calendar, unit, number, origin, percent, pauses)
        else:
            micros = 1_000_000 if unit in ("s", "bs") else 60_000_000
            length = number * micros * percent // 100
            if unit in ("min", "s"):
                answer = minute_term(origin, length, pauses)
            else:
                answer = open_term(calendar, origin, length, pauses)
        answers.append("none" if answer is None else str(answer))
    print("\n".join(answers))


if __name__ == "__main__":
    main()
