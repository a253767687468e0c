#!/usr/bin/env python3
"""Writes calendars/*.toml: the holidays that the product ships, with source and date.

Run by hand when a year's holidays are published, and commit the result:

    python3 -m venv /tmp/holidays && /tmp/holidays/bin/pip install holidays==0.109
    /tmp/holidays/bin/python make_calendars.py

With `--check` nothing is written: it says which files differ from what it would write with the day they were taken on.

National and regional days come from the PyPI package `holidays`; the two days a town may set are not in it. Those of Madrid stand
below with their source; any other house adds its town's days itself, in a calendar that extends one of these. Hours of work are a
usual day's, for houses that set none of their own.

A calendar that `extends` another holds the other's days too, but for those it names under `unless`.
"""

import datetime
import pathlib
import re
import sys

import holidays

FIRST = 2010
TODAY = datetime.date.today().isoformat()
PACKAGE = f"PyPI holidays {holidays.__version__}"
FOLDER = pathlib.Path(__file__).parent / "calendars"

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

# Two shifts with a pause between them, Monday to Friday; minutes of the day.
SPANISH_HOURS = [(540, 840), (900, 1080)]
# One from nine to five.
PLAIN_HOURS = [(540, 1020)]

# The package compared Spain with the official calendars up to 2026; 2027 follows from its rules.
SPAIN_TO, SPAIN_NOTE = 2027, "the package held it against the official calendars up to 2026, and 2027 follows from its rules"
# Where the days follow from standing law, four years ahead are held; a day set for one occasion cannot be in them yet.
LAW_TO, LAW_NOTE = 2030, "years ahead follow from standing law, without days set for one occasion"
# Some days of Australian states are announced year by year.
AUSTRALIA_TO, AUSTRALIA_NOTE = 2027, "the Friday before the AFL Grand Final follows from the package's rule until it is announced"


def spain(slug, code, es, en, zone="Europe/Madrid", town=None, note="no town days"):
    """A community or city: the national days and its own."""
    return {
        "id": f"es.{slug}", "country": "ES", "subdivision": code, "region": f"ES-{code}", "zone": zone, "es": es, "en": en,
        "language": "es", "extends": "es.national", "town": town or {}, "note": f"{note}; {SPAIN_NOTE}", "last": SPAIN_TO,
    }


def country(id, code, es, en, zone, language, last=LAW_TO, note=LAW_NOTE, subdivision=None, region="", **more):
    """A country, or a part of one that stands alone."""
    return {
        "id": id, "country": code, "subdivision": subdivision, "region": region, "zone": zone, "es": es, "en": en,
        "language": language, "town": {}, "note": note, "last": last, "hours": PLAIN_HOURS, **more,
    }


# In the order in which they can be read: what is extended comes first.
CALENDARS = [
    country("es.national", "ES", "España, días nacionales", "Spain, national days", "Europe/Madrid", "es", SPAIN_TO,
            f"national days alone; {SPAIN_NOTE}", hours=SPANISH_HOURS),
    spain("andalucia", "AN", "Andalucía", "Andalusia"),
    spain("aragon", "AR", "Aragón", "Aragon"),
    spain("asturias", "AS", "Principado de Asturias", "Asturias"),
    spain("baleares", "IB", "Illes Balears", "Balearic Islands"),
    spain("canarias", "CN", "Canarias", "Canary Islands", "Atlantic/Canary", note="no island or town days"),
    spain("cantabria", "CB", "Cantabria", "Cantabria"),
    spain("castilla-la-mancha", "CM", "Castilla-La Mancha", "Castile-La Mancha"),
    spain("castilla-y-leon", "CL", "Castilla y León", "Castile and León"),
    spain("cataluna", "CT", "Cataluña", "Catalonia"),
    spain("ceuta", "CE", "Ciudad de Ceuta", "City of Ceuta", "Africa/Ceuta", note="Islamic feasts as published, else estimated"),
    spain("extremadura", "EX", "Extremadura", "Extremadura"),
    spain("galicia", "GA", "Galicia", "Galicia"),
    spain("la-rioja", "RI", "La Rioja", "La Rioja"),
    spain("madrid", "MD", "Comunidad de Madrid, villa de Madrid", "Madrid, town and region", town=MADRID_TOWN, note=MADRID_TOWN_NOTE),
    spain("melilla", "ML", "Ciudad de Melilla", "City of Melilla", "Africa/Ceuta", note="Islamic feasts as published, else estimated"),
    spain("murcia", "MC", "Región de Murcia", "Region of Murcia"),
    spain("navarra", "NC", "Comunidad Foral de Navarra", "Navarre"),
    spain("pais-vasco", "PV", "País Vasco", "Basque Country"),
    spain("valencia", "VC", "Comunitat Valenciana", "Valencian Community"),
    country("gb.england", "GB", "Inglaterra y Gales", "England and Wales", "Europe/London", "en_GB",
            subdivision="ENG", region="GB-EAW", same_as="WLS"),
    country("gb.northern-ireland", "GB", "Irlanda del Norte", "Northern Ireland", "Europe/London", "en_GB",
            subdivision="NIR", region="GB-NIR"),
    country("gb.scotland", "GB", "Escocia", "Scotland", "Europe/London", "en_GB", subdivision="SCT", region="GB-SCT"),
    country("ie", "IE", "Irlanda", "Ireland", "Europe/Dublin", "en_IE", note=f"no substitutes for weekends; {LAW_NOTE}"),
    country("je", "JE", "Jersey", "Jersey", "Europe/Jersey", None),
    country("gg", "GG", "Guernsey", "Guernsey", "Europe/Guernsey", None),
    country("co", "CO", "Colombia", "Colombia", "America/Bogota", "es"),
    country("mx", "MX", "México", "Mexico", "America/Mexico_City", "es"),
    country("pe", "PE", "Perú", "Peru", "America/Lima", "es"),
    country("cl", "CL", "Chile", "Chile", "America/Santiago", "es"),
    country("us", "US", "Estados Unidos, días federales", "United States, federal days", "America/New_York", "en_US"),
    country("au.national", "AU", "Australia, días nacionales", "Australia, national days", "Australia/Sydney", "en_AU",
            AUSTRALIA_TO, "days that all states and territories keep, without the substitutes that each gives for weekends"),
    country("au.nsw", "AU", "Nueva Gales del Sur", "New South Wales", "Australia/Sydney", "en_AU", AUSTRALIA_TO,
            "no local days", "NSW", "AU-NSW", extends="au.national"),
    country("au.vic", "AU", "Victoria", "Victoria", "Australia/Melbourne", "en_AU", AUSTRALIA_TO, AUSTRALIA_NOTE,
            "VIC", "AU-VIC", extends="au.national"),
]


def package_days(calendar, subdivision):
    """Date to title."""
    more = {"language": calendar["language"]} if calendar["language"] else {}
    years = range(FIRST, calendar["last"] + 1)
    return dict(holidays.country_holidays(calendar["country"], subdiv=subdivision, years=years, **more))


def days(calendar):
    """Date to (title, scope), and the national days that the region does not keep."""
    national = package_days(calendar, None)
    if not calendar["subdivision"]:
        return {date: (title, "national") for date, title in national.items()}, []
    own = package_days(calendar, calendar["subdivision"])
    if twin := calendar.get("same_as"):
        assert own == package_days(calendar, twin), f'{calendar["id"]}: {twin} differs'
    found = {date: (national[date], "national") if date in national else (title, "community") for date, title in own.items()}
    for entries in calendar["town"].values():
        for date, title in entries:
            found.setdefault(datetime.date.fromisoformat(date), (title, "town"))
    return found, sorted(national.keys() - own.keys())


def text(value):
    assert '"' not in value and "\\" not in value, value
    return f'"{value}"'


def written(calendar, taken):
    """The calendar's file."""
    found, unless = days(calendar)
    base = calendar.get("extends")
    lines = ["# Written by make_calendars.py; do not edit by hand.", f'id = "{calendar["id"]}"']
    if base:
        lines.append(f'extends = "{base}"')
    lines += [
        f'version = "{taken}.1"',
        f'jurisdiction = "{calendar["country"]}"',
        f'region = "{calendar["region"]}"',
        f'title_es = {text(calendar["es"])}',
        f'title_en = {text(calendar["en"])}',
        f'zone = "{calendar["zone"]}"',
        f'data_date = "{taken}"',
        f"first_year = {FIRST}",
        f'last_year = {calendar["last"]}',
        f'source = {text(f"{PACKAGE}, taken {taken}; " + calendar["note"])}',
    ]
    if base:
        found = {date: day for date, day in found.items() if day[1] != "national"}
        if unless:
            lines += ["unless = [", *(f'    "{date}",' for date in unless), "]"]
    else:
        lines += ["business_weekdays = [1, 2, 3, 4, 5]", "# Weekday from Monday, first minute, minute of the end.", "hours = ["]
        for weekday in range(1, 6):
            lines.append("    " + " ".join(f"[{weekday}, {start}, {end}]," for start, end in calendar["hours"]))
        lines.append("]")
    # One text and not a list: a reader of TOML takes four times as long over five thousand strings.
    lines.append('holidays = """')
    for date in sorted(found):
        title, scope = found[date]
        lines.append(text(f"{date} {scope} {title}").strip('"'))
    return "\n".join([*lines, '"""', ""])


def main():
    checking = "--check" in sys.argv[1:]
    FOLDER.mkdir(exist_ok=True)
    wrong = {path.stem for path in FOLDER.glob("*.toml")} - {calendar["id"] for calendar in CALENDARS}
    for calendar in CALENDARS:
        path = FOLDER / f'{calendar["id"]}.toml'
        if not checking:
            path.write_text(written(calendar, TODAY), encoding="utf-8")
            continue
        held = path.read_text(encoding="utf-8") if path.exists() else ""
        taken = re.search(r'^data_date = "(.*)"$', held, re.MULTILINE)
        if not taken or written(calendar, taken[1]) != held:
            wrong.add(calendar["id"])
    if wrong:
        sys.exit(f"not as this script writes them: {', '.join(sorted(wrong))}")


if __name__ == "__main__":
    main()
