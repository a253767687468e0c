"""Every binary of the repository is in an image, every image is built by the bake file, and what runs images names those alone.

    images.py DEPLOY REPOSITORY
"""

import pathlib
import re
import sys

import yaml


def main() -> int:
    deploy, repository = map(pathlib.Path, sys.argv[1:])
    wrong = []
    binaries = {
        re.search(r'^name = "(.+)"', (main.parent.parent / "Cargo.toml").read_text(), re.M)[1]
        for main in repository.glob("services/**/src/main.rs")
    }
    docker = (deploy / "container/Dockerfile").read_text()
    images = dict(re.findall(r"^FROM runtime AS (\S+)\nCOPY --from=build /out/(\S+) ", docker, re.M))
    for binary in sorted(binaries):
        if binary not in images.values():
            wrong.append(f"{binary} is in no image")
        for place in (rf"-p {binary}\s", rf"target/release/{binary}\s"):
            if not re.search(place, docker):
                wrong.append(f"{binary} is not built for its image: no {place}")
    baked = set(re.findall(r'"([\w-]+)"', re.search(r"service = \[(.*?)\]", (deploy / "container/bake.hcl").read_text())[1]))
    wrong.extend(f"the image {image} is built by the bake file or the Dockerfile, and not by both" for image in baked ^ set(images))
    used = {}
    compose = yaml.safe_load((deploy / "compose/compose.yaml").read_text())
    used["compose"] = {service["image"] for service in compose["services"].values()}
    for overlay in ("development", "production"):
        named = yaml.safe_load((deploy / f"kubernetes/overlays/{overlay}/kustomization.yaml").read_text())["images"]
        used[overlay] = {image["name"] for image in named}
    for where, names in used.items():
        ours = {name.split("/")[1].split(":")[0] for name in names if name.startswith("ventanilla/")}
        wrong.extend(f"{where} knows no image {image}" for image in sorted(set(images) - ours))
        wrong.extend(f"{where} names the image {image}, which nobody builds" for image in sorted(ours - set(images)))
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    print(f"{len(binaries)} binaries in {len(images)} images")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
