#!/usr/bin/env python3
"""`rejoinder.ray` on a real cluster of this machine: `ray_cluster.py --generator CORPUS --plugin LIBRARY [--conversations N]
[NAME...]`.

To be run by a Python in which the wheel, Ray Data and pyarrow are installed; `.ci/ray` sees to that. `CORPUS` is the built example
`corpus`, `LIBRARY` that of the plugin `rephrase`, and names choose checks. Each check starts a head and two workers, kills some of
them, and stops what is left.
"""

import argparse
import pathlib
import sys

import checks
from cluster import chats, travel

MODULES = ("travel", "scan", "judge", "model", "samples")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--generator", type=pathlib.Path, required=True)
    parser.add_argument("--plugin", type=pathlib.Path, required=True)
    parser.add_argument("--conversations", type=int, default=chats.conversations)
    parser.add_argument("names", nargs="*")
    flags = parser.parse_args()
    chats.generator, chats.conversations = flags.generator.resolve(), flags.conversations
    travel.plugin = flags.plugin.resolve()
    return checks.run((f"cluster.{module}" for module in MODULES), flags.names)


if __name__ == "__main__":
    sys.exit(main())
