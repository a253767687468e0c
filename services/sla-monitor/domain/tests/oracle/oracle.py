#!/usr/bin/env python3
"""A second opinion on due instants, written from the rules in words and not from the Rust code.

Standard library only. Reads cases from standard input and writes one microsecond instant a line, or `none` when nothing
counts. Lines:

    calendar ID ZONE WEEKDAYS HOURS HOLIDAYS EXCEPTIONS     (`-` for an empty list)
    case CALENDAR UNIT NUMBER ORIGIN_US PERCENT PAUSES

HOURS is `weekday:start-end,…` in minutes; HOLIDAYS `YYYY-MM-DD,…`; EXCEPTIONS `YYYY-MM-DD=start-end+start-end,…`;
PAUSES `from-to,…` in microseconds. PERCENT 100 asks for the due instant.
"""

import datetime as dt
import sys
from zoneinfo import ZoneInfo

UTC = dt.timezone.utc
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)
ONE = dt.timedelta(microseconds=1)
DAY = dt.timedelta(days=1)


def micros(moment):
    return (moment - EPOCH) // ONE


def moment(us):
    return EPOCH + us * ONE


class Calendar:
    def __init__(self, zone, weekdays, hours, holidays, exceptions):
        self.zone = ZoneInfo(zone)
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
        self.seen = {}

    def instant(self, naive):
        """Removed: first instant after the change. Repeated: the first of the two."""
        early = naive.replace(tzinfo=self.zone, fold=0).astimezone(UTC)
        if early.astimezone(self.zone).replace(tzinfo=None) == naive:
            return micros(early)
        # In a gap. The change lies between a day before and a day after: halve until one microsecond is left.
        low, high = micros(early) - 86_400_000_000, micros(early) + 86_400_000_000
        while high - low > 1:
            middle = (low + high) // 2
            if moment(middle).astimezone(self.zone).replace(tzinfo=None) > naive:
                high = middle
            else:
                low = middle
        return high

    def midnight(self, date):
        key = ("midnight", date)
        if key not in self.seen:
            self.seen[key] = self.instant(dt.datetime(date.year, date.month, date.day))
        return self.seen[key]

    def date_of(self, us):
        return moment(us).astimezone(self.zone).date()

    def works(self, date):
        return date.isoweekday() in self.weekdays and date not in self.holidays

    def open_spans(self, date):
        if date in self.seen:
            return self.seen[date]
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
        self.seen[date] = out
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

    def still(date):
        end = calendar.midnight(date + DAY) - 1
        return any(a <= end and calendar.date_of(b) > date for a, b in pauses)

    def counting(date):
        if unit == "bd" and not calendar.works(date):
            return False
        return not still(date)

    if percent == 100:
        wanted, rest = number, None
    else:
        wanted, rest = divmod(number * percent, 100)
        if rest:
            wanted += 1
    date, found, idle = first, 0, 0
    while found < wanted:
        date += DAY
        if counting(date):
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
        for a, b in sorted(calendar.open_spans(date)):
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
        name, unit, number, origin, percent, pauses = rest
        calendar, number, origin, percent = calendars[name], int(number), int(origin), int(percent)
        pauses = [tuple(int(e) for e in p.split("-")) for p in listed(pauses)]
        if unit in ("bd", "cd", "w", "mo"):
            answer = day_term(calendar, unit, number, origin, percent, pauses)
        else:
            length = number * 60_000_000 * percent // 100
            if unit == "min":
                answer = minute_term(origin, length, pauses)
            else:
                answer = open_term(calendar, origin, length, pauses)
        answers.append("none" if answer is None else str(answer))
    print("\n".join(answers))


if __name__ == "__main__":
    main()
