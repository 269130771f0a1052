#!/usr/bin/env python3
"""`rejoinder.ray` on a real cluster of this machine: `ray_cluster.py --generator CORPUS --plugin LIBRARY [--conversations N]
[NAME...]`.

To be run by a Python in which the wheel, Ray Data and pyarrow are installed; `.ci/ray` sees to that. `CORPUS` is the built example
`corpus`, `LIBRARY` that of the plugin `rephrase`, and names choose checks. Each check starts a head and two workers, kills some of
them, and stops what is left.
"""

import argparse
import importlib
import pathlib
import sys
import time
import traceback

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
    failed = passed = 0
    for module in MODULES:
        holds = vars(importlib.import_module(f"cluster.{module}"))
        for name, check in list(holds.items()):
            if not name.startswith("check_") or flags.names and not any(part in f"{module}.{name}" for part in flags.names):
                continue
            begun = time.perf_counter()
            try:
                check()
                passed += 1
                print(f"ok      {module}.{name} ({time.perf_counter() - begun:.1f} s)", flush=True)
            except Exception:  # noqa: BLE001
                failed += 1
                print(f"FAILED  {module}.{name}\n{traceback.format_exc()}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
