"""Every YAML, TOML and JSON file can be read, and no key stands twice in a mapping."""

import json
import pathlib
import sys
import tomllib

import yaml


class Strict(yaml.SafeLoader):
    """Refuses what YAML 1.1 readers pass over: the second of two equal keys."""


def mapping(loader, node, deep=False):
    seen = set()
    for key, _ in node.value:
        if key.tag != "tag:yaml.org,2002:merge":
            name = loader.construct_object(key, deep=True)
            if name in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{name!r} stands twice", key.start_mark)
            seen.add(name)
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep)


Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)


def read(path: pathlib.Path) -> None:
    text = path.read_text()
    match path.suffix:
        case ".toml":
            tomllib.loads(text)
        case ".json":
            json.loads(text)
        case _:
            list(yaml.load_all(text, Loader=Strict))


def main() -> int:
    folder, wrong, count = pathlib.Path(sys.argv[1]), 0, 0
    for path in sorted(folder.rglob("*")):
        held = {"data", "secrets"} & set(path.relative_to(folder).parts)
        if path.suffix not in (".yaml", ".yml", ".toml", ".json") or held:
            continue
        count += 1
        try:
            read(path)
        except (yaml.YAMLError, tomllib.TOMLDecodeError, json.JSONDecodeError) as error:
            wrong = 1
            print(f"{path.relative_to(folder)}: {error}", file=sys.stderr)
    print(f"{count} files read")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
