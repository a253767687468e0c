"""The examples of settings stand beside each other on one machine: no two processes ask for one port, and figures stay on the machine.

    settings.py FOLDER [installed]     installed: what systemd/install made of them, which nothing leaves the machine by

That each is understood by its process is held by services/suite (tests, `every_example_of_settings_is_understood`).
"""

import pathlib
import sys
import tomllib

NAMES = ("customer-profile", "ticketing", "sla-monitor", "ombudsman-escalation", "webhooks", "gateway")


def main() -> int:
    folder, wrong, taken = pathlib.Path(sys.argv[1]), [], {}
    tables = {name: tomllib.loads((folder / f"{name}.toml").read_text()) for name in NAMES}
    for name, table in tables.items():
        shown = table.get("telemetry", {}).get("metrics_listen")
        if shown is None:
            wrong.append(f"{name} shows its figures nowhere")
        elif not shown.startswith("127.0.0.1:"):
            wrong.append(f"{name} shows its figures at {shown}, to more than this machine")
        for address in filter(None, (table["listen"], shown)):
            port = address.rsplit(":", 1)[1]
            if port in taken:
                wrong.append(f"{name} asks for port {port}, which {taken[port]} has")
            taken.setdefault(port, name)
    for name, table in tables.items():
        for peer, address in table["peers"].items():
            if address.rsplit(":", 1)[1] != tables[peer]["listen"].rsplit(":", 1)[1]:
                wrong.append(f"{name} looks for {peer} at {address}, where it does not listen")
        if sys.argv[2:] == ["installed"]:
            wrong.extend(f"{name}: {what}" for what in installed(name, table))
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    print(f"{len(tables)} processes ask for {len(taken)} ports")
    return 1 if wrong else 0


def installed(name, table):
    spoken = [table["listen"], *(address.removeprefix("http://") for address in table["peers"].values())]
    yield from (f"{address} is not on this machine" for address in spoken if not address.startswith("127.0.0.1:"))
    if "checkpoint_dir" in table and table["checkpoint_dir"] != f"/var/lib/ventanilla/{name}":
        yield f"{table['checkpoint_dir']} is not the folder that its unit may write"
    for path in (table.get("signing_key_file"), table["auth"].get("service_token_file"), table["auth"]["jwks_file"]):
        if path and not path.startswith("/etc/ventanilla/"):
            yield f"{path} is nowhere that its unit makes"


if __name__ == "__main__":
    sys.exit(main())
