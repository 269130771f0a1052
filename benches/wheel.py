#!/usr/bin/env python3
"""What a scan costs through the Python wheel, beside the command on the same Parquet file.

    cargo build --release --bins --examples && .ci/wheel && benches/wheel.py [--python PYTHON] [--rounds 5] [FILE]

Without a Parquet file, 100,000 dialogues are generated. PYTHON has the wheel and pyarrow. The programs run in turn, round by round;
printed are medians of CPU seconds (user + system, start-up included) and of the rounds' ratios to the command. The engine's own share
of a program is what it takes to make the engine and to scan, with all threads, once pyarrow has read the file; held to a limit is that
share against all that the command does, its own reading included.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from compare import BIN, Measured

# The engine's share over the command's CPU.
LIMIT = 1.3
CACHE = Path(os.environ.get("REJOINDER_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rejoinder")

TO_PARQUET = """
import sys, pyarrow.json, pyarrow.parquet as pq
table = pyarrow.json.read_json(sys.argv[1], pyarrow.json.ReadOptions(block_size=1 << 26))
pq.write_table(table, sys.argv[2], compression="zstd", row_group_size=10_000)
"""

READ = "import sys, time, pyarrow.parquet as pq\ntable = pq.read_table(sys.argv[1])\n"
OF_TABLE = READ + """
begun = time.process_time()
import rejoinder
rows = rejoinder.Engine(corpus=table).scan(table)
print(time.process_time() - begun, "s of the engine's own,", len(rows), "rows")
"""
OF_STREAM = """
import sys, pyarrow as pa, pyarrow.parquet as pq
import rejoinder
file = pq.ParquetFile(sys.argv[1])
stream = pa.RecordBatchReader.from_batches(file.schema_arrow, file.iter_batches(10_000))
print(sum(map(len, rejoinder.Engine().scan_batches(stream))), "rows")
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default=CACHE / "wheel/libraries/bin/python")
    parser.add_argument("--command", type=Path, default=BIN / "rejoinder")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("file", nargs="?", type=Path)
    flags = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        file = flags.file
        if not file:
            lines, file = folder / "corpus.jsonl", folder / "corpus.parquet"
            with lines.open("wb") as out:
                subprocess.run([BIN / "examples/corpus", "100000"], stdout=out, check=True)
            subprocess.run([flags.python, "-c", TO_PARQUET, lines, file], check=True)
        number = 0

        def run():
            nonlocal number
            number += 1
            return [flags.command, "run", file, "--offline", "--quiet", "--out", folder / f"run-{number}"]

        python = lambda program: lambda: [flags.python, "-c", program, file]  # noqa: E731
        programs = {
            "rejoinder run --offline": run,
            "pyarrow reads the file": python(READ),
            "pyarrow, Engine(corpus=table).scan": python(OF_TABLE),
            "pyarrow, Engine().scan_batches": python(OF_STREAM),
        }
        rounds = {name: [] for name in programs}
        for _ in range(flags.rounds):
            for name, words in programs.items():
                rounds[name].append(Measured(words()))
    base = rounds["rejoinder run --offline"]
    print(f"{'':36} {'CPU s':>7} {'ratio':>6} {'wall s':>7} {'peak MB':>8}")
    for name, measured in rounds.items():
        ratio = statistics.median(one.cpu / other.cpu for one, other in zip(measured, base))
        cpu, wall = (statistics.median(getattr(one, what) for one in measured) for what in ("cpu", "wall"))
        print(f"{name:36} {cpu:7.2f} {ratio:6.2f} {wall:7.2f} {max(one.peak for one in measured):8.0f}  {measured[0].output}")
    own = [float(one.output.split()[0]) for one in rounds["pyarrow, Engine(corpus=table).scan"]]
    ratio = statistics.median(share / other.cpu for share, other in zip(own, base))
    print(f"the engine's own share in Python: {statistics.median(own):.2f} s, {ratio:.2f} times the command; the limit is {LIMIT}")
    sys.exit(ratio > LIMIT)


main()
