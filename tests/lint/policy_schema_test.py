#!/usr/bin/python3
"""The schema of documents takes what fwctl takes, and refuses what it refuses."""
import json
import pathlib
import re
import sys

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]

REFUSED = [
    "alow: [192.0.2.1]",
    "block: 192.0.2.1",
    "block: [{adress: 192.0.2.1}]",
    "block: [{comment: x}]",
    "block-ports: [443]",
    "block-ports: ['443/icmp']",
    "rules: [drp any]",
    "rules: [{rule: drop any, action: drop}]",
    "rules: [{order: 1}]",
    "rules: [{rule: drop any, order: -1}]",
    "rules: [{action: limit, per: host}]",
    "sets: [{action: block}]",
    "sets: [{name: 'a b'}]",
    "sets: [{name: a, entries: [{until: 2030-01-01T00:00:00Z}]}]",
    "owner: 'a b'",
    "version: 2",
]


class TextLoader(yaml.SafeLoader):
    """Times stay text, as in JSON."""


TextLoader.yaml_implicit_resolvers = {
    key: [(tag, regexp) for tag, regexp in resolvers if "timestamp" not in tag]
    for key, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def documents(text):
    return [one for one in yaml.load_all(text, TextLoader) if one is not None]


def main():
    schema = json.loads((ROOT / "deploy/policy.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    page = (ROOT / "docs/policy.md").read_text()
    examples = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    failures = 0
    for text in examples:
        for document in documents(text):
            for error in validator.iter_errors(document):
                print(f"refused: {document}\n  {error.message}")
                failures += 1
    for text in REFUSED:
        for document in documents(text):
            if validator.is_valid(document):
                print(f"taken: {text}")
                failures += 1
    print(f"{len(examples)} examples, {len(REFUSED)} mistakes, {failures} failures")
    return 1 if failures or not examples else 0


if __name__ == "__main__":
    sys.exit(main())
