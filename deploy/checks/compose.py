"""What the schema of the Compose spec cannot know: everything that a service names is there."""

import pathlib
import sys

import yaml


# Receivers of events; the identity provider.
REACH_OUT = {"webhooks", "gateway"}


def main() -> int:
    path = pathlib.Path(sys.argv[1])
    compose = yaml.safe_load(path.read_text())
    services, wrong = compose["services"], []
    for name, service in services.items():
        for other in service.get("depends_on", {}):
            if other not in services:
                wrong.append(f"{name} waits for {other}, which is no service")
            elif isinstance(service["depends_on"], dict):
                condition = service["depends_on"][other]["condition"]
                if condition == "service_healthy" and "healthcheck" not in services[other]:
                    wrong.append(f"{name} waits for the health of {other}, which is not asked for it")
                if condition == "service_completed_successfully" and services[other].get("restart") != "no":
                    wrong.append(f"{name} waits for the end of {other}, which is started again")
        for secret in service.get("secrets", []):
            if secret not in compose["secrets"]:
                wrong.append(f"{name} has the secret {secret}, which nobody gives")
        for key in ("VENTANILLA__LISTEN", "VENTANILLA__TELEMETRY__METRICS_LISTEN"):
            asked = (service.get("environment") or {}).get(key, "").split(":")[0]
            # What a second file adds to a doctor says nothing of whom it asks.
            if name.startswith("doctor-") and "image" in service and asked != name.removeprefix("doctor-"):
                wrong.append(f"{name} asks {asked or 'nobody'}")
        if name.startswith("doctor-"):
            continue
        doctor = services.get(f"doctor-{name}", {})
        for key, value in (service.get("environment") or {}).items():
            if "__BROKER__" in key and (doctor.get("environment") or {}).get(key) != value:
                wrong.append(f"doctor-{name} is not told {key} as {name} is")
        if f"doctor-{name}" in services:
            for secret in set(service.get("secrets", [])) - set(doctor.get("secrets", [])):
                wrong.append(f"doctor-{name} is not given the secret {secret} that {name} has")
        for network in service.get("networks", []):
            if network not in compose["networks"]:
                wrong.append(f"{name} is in the network {network}, which is none")
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                if not (path.parent / source).exists():
                    wrong.append(f"{name} mounts {source}, which is not there")
            elif source not in compose["volumes"]:
                wrong.append(f"{name} mounts the volume {source}, which is none")
        if not any(port.startswith("127.0.0.1:") for port in service.get("ports", ["127.0.0.1:"])):
            wrong.append(f"{name} is open to more than this machine")
    # Who has to reach somebody who is not of the house, and so needs a network that leads out of it.
    for name in REACH_OUT & {name for name in services if "image" in services[name]}:
        if all(compose["networks"][network].get("internal") for network in services[name]["networks"]):
            wrong.append(f"{name} is in no network that leads out of the house")
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    print(f"{len(services)} services name what is there")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
