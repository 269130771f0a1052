#!/usr/bin/env python3
"""The wheel does what the command does: `check_wheel.py [--command REJOINDER] [--generator CORPUS] [NAME...]`.

To be run by a Python in which the wheel, pyarrow, polars, DuckDB and pandas are installed; `.ci/wheel` sees to that. `REJOINDER` is
the command to compare with (else the wheel's own), `CORPUS` the built example `corpus`, and names choose checks. Prints
`N passed, N failed, N ignored`; a check is ignored, with its reason, where what it needs is absent.
"""

import argparse
import pathlib
import pkgutil
import sys

import checks
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
    modules = sorted(info.name for info in pkgutil.iter_modules(wheel.__path__))
    return checks.run((f"wheel.{module}" for module in modules), flags.names)


sys.exit(main())
