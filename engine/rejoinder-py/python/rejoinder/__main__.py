"""The command: `python -m rejoinder`."""

import sys

import rejoinder


def main() -> int:
    """Run the command `rejoinder` with the arguments of this process; return its exit code."""
    return rejoinder.main(["rejoinder", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
