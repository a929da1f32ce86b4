"""Prints YAML files as one JSON object, path to content; every scalar is the text that stands there.

Run as: python yaml_to_json.py FILE…
"""

import json
import sys

import yaml

def main():
    said = {}
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            try:
                said[path] = {"content": yaml.load(file, Loader=yaml.BaseLoader)}
            except yaml.YAMLError as error:
                said[path] = {"error": " ".join(str(error).split())}
    json.dump(said, sys.stdout)

main()
