"""The command: `python -m rejoinder`."""

from __future__ import annotations

import sys

from rejoinder._rejoinder import host_plugins_by
from rejoinder._rejoinder import main as run


def main() -> int:
    """Run the command `rejoinder` with the arguments of this process; return its exit code."""
    host_plugins_by(sys.executable, ["-m", "rejoinder", "plugin-host"])
    return run(["rejoinder", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
