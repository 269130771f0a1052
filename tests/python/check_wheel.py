#!/usr/bin/env python3
"""The wheel does what the command does: `check_wheel.py [--command REJOINDER] [--generator CORPUS] [NAME...]`.

To be run by a Python in which the wheel, pyarrow, polars, DuckDB and pandas are installed; `.ci/wheel` sees to that. `REJOINDER` is
the command to compare with (else the wheel's own), `CORPUS` the built example `corpus`, and names choose checks. Prints
`N passed, N failed, N ignored`; a check is ignored, with its reason, where what it needs is absent.
"""

import argparse
import importlib
import pathlib
import pkgutil
import sys
import time
import traceback

import wheel
from wheel import command, corpora


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--command", type=pathlib.Path)
    parser.add_argument("--generator", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    flags = parser.parse_args()
    if flags.command:
        command.program = [str(flags.command.resolve())]
    corpora.generator = flags.generator and flags.generator.resolve()
    counts = {"passed": 0, "failed": 0, "ignored": 0}
    for module in sorted(info.name for info in pkgutil.iter_modules(wheel.__path__)):
        holds = vars(importlib.import_module(f"wheel.{module}"))
        for name, check in list(holds.items()):
            if not name.startswith("check_") or flags.names and not any(part in f"{module}.{name}" for part in flags.names):
                continue
            begun = time.perf_counter()
            try:
                check()
                counts["passed"] += 1
                print(f"ok      {module}.{name} ({time.perf_counter() - begun:.1f} s)", flush=True)
            except corpora.Absent as why:
                counts["ignored"] += 1
                print(f"ignored {module}.{name}: {why}", flush=True)
            except Exception:  # noqa: BLE001
                counts["failed"] += 1
                print(f"FAILED  {module}.{name}\n{traceback.format_exc()}", flush=True)
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    return 1 if counts["failed"] or not counts["passed"] else 0


sys.exit(main())
