#!/usr/bin/env python3
"""Writes calendars/*.toml: the holidays that the product ships, with source and date.

Run by hand when a year's holidays are published, and commit the result:

    python3 -m venv /tmp/holidays && /tmp/holidays/bin/pip install holidays==0.109
    /tmp/holidays/bin/python make_calendars.py

National and community days come from the PyPI package `holidays`; the two days a town may set are not in it and stand
below with their source. Hours of work are the house's own.
"""

import datetime
import pathlib

import holidays

FIRST, LAST = 2010, 2027
TAKEN = datetime.date.today().isoformat()
PACKAGE = f"PyPI holidays {holidays.__version__}"

# Town holidays of Madrid: resolutions of the town council, published in the BOCM with each year's labour calendar.
# Almudena (9 November) fell on a Sunday in 2025 and was moved to the Monday.
MADRID_TOWN = {
    2024: [("2024-05-15", "San Isidro"), ("2024-11-09", "Nuestra Señora de la Almudena")],
    2025: [("2025-05-15", "San Isidro"), ("2025-11-10", "Traslado de Nuestra Señora de la Almudena")],
    2026: [("2026-05-15", "San Isidro"), ("2026-11-09", "Nuestra Señora de la Almudena")],
    2027: [("2027-05-15", "San Isidro"), ("2027-11-09", "Nuestra Señora de la Almudena")],
}
# Before 2024 the customary dates are used: both fall on them in every year but where a Sunday moves one.
MADRID_TOWN_NOTE = "town days: San Isidro and Almudena, by resolution for 2024 to 2027, on their customary dates before"
for year in range(FIRST, 2024):
    MADRID_TOWN[year] = [(f"{year}-05-15", "San Isidro"), (f"{year}-11-09", "Nuestra Señora de la Almudena")]

CALENDARS = [
    {"id": "es.national", "zone": "Europe/Madrid", "subdivision": None, "town": {}, "note": "national days alone"},
    {"id": "es.madrid", "zone": "Europe/Madrid", "subdivision": "MD", "town": MADRID_TOWN, "note": MADRID_TOWN_NOTE},
    {"id": "es.canarias", "zone": "Atlantic/Canary", "subdivision": "CN", "town": {}, "note": "no island or town days"},
]
# Two shifts with a pause between them, Monday to Friday; minutes of the day.
HOURS = [(540, 840), (900, 1080)]


def days(subdivision):
    """Date to (title, scope)."""
    years = range(FIRST, LAST + 1)
    national = holidays.country_holidays("ES", years=years, language="es")
    found = {date: (name, "national") for date, name in national.items()}
    if subdivision:
        for date, name in holidays.country_holidays("ES", subdiv=subdivision, years=years, language="es").items():
            found.setdefault(date, (name, "community"))
    return found


def main():
    folder = pathlib.Path(__file__).parent / "calendars"
    folder.mkdir(exist_ok=True)
    for calendar in CALENDARS:
        found = days(calendar["subdivision"])
        for entries in calendar["town"].values():
            for date, title in entries:
                found.setdefault(datetime.date.fromisoformat(date), (title, "town"))
        lines = [
            "# Written by make_calendars.py; do not edit by hand.",
            f'id = "{calendar["id"]}"',
            f'version = "{TAKEN}.1"',
            f'zone = "{calendar["zone"]}"',
            f"first_year = {FIRST}",
            f"last_year = {LAST}",
            f'source = "{PACKAGE}, taken {TAKEN}; {calendar["note"]}"',
            "business_weekdays = [1, 2, 3, 4, 5]",
            "",
        ]
        for weekday in range(1, 6):
            for start, end in HOURS:
                lines += ["[[hours]]", f"weekday = {weekday}", f"start_minute = {start}", f"end_minute = {end}", ""]
        for date in sorted(found):
            title, scope = found[date]
            lines += ["[[holiday]]", f'date = "{date}"', f'title = "{title}"', f'scope = "{scope}"', ""]
        (folder / f'{calendar["id"]}.toml').write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
