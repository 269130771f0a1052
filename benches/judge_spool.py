#!/usr/bin/env python3
"""Asks about a long spool: how soon the first question goes out, how fast the rest follow, and in how much memory.

    cargo build --release --bins --examples && benches/judge_spool.py [--turns 1000000] [--delay-ms 0] [--dir FOLDER]

A generated corpus is scanned without a judge, with every later turn left to wait and short windows; then
`rejoinder judge` asks a server that only answers, once without a budget (in input order) and once with one (the most
worthwhile first). Server and client share the machine.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from judge_client import BIN as SERVER

BIN = SERVER.parent.parent
# The corpus has 1.2 later turns a conversation; a few of them may wait in vain for the last digit.
TURNS_A_CONVERSATION = 1.19

CONFIG = """format = 1
plugin = []
[judge]
base-url = "{url}"
identity = "bench"
model = "m"
answer = "label"
constraint = "choice"
all = true
window-messages = 1
window-bytes = 200
max-in-flight = {in_flight}
[judge.price]
input = 0.5
output = 1.5
{budget}
"""
# More than all of it takes.
BUDGET = """
[budget]
calls = 1000000000
tokens = 1000000000000
money = 1000000.0
"""


class Server:
    def __init__(self, delay):
        self.process = subprocess.Popen([SERVER, "serve", "--delay-ms", str(delay)], stdout=subprocess.PIPE, text=True)
        self.base = f"http://127.0.0.1:{self.process.stdout.readline().split()[1]}"

    def seen(self):
        with urllib.request.urlopen(f"{self.base}/seen") as response:
            return json.load(response)

    def stop(self):
        self.process.kill()
        self.process.wait()


def run(command):
    """Runs a command; returns when it began, the seconds that it took, and its peak memory in MB."""
    begun, clock = time.time(), time.perf_counter()
    process = subprocess.Popen([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = process.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit code {process.returncode}\n{said[-2000:]}")
    return begun, time.perf_counter() - clock, usage.ru_maxrss / 1024


def rows(folder):
    total = size = 0
    for path in sorted((folder / "spool").iterdir()):
        with open(path, "rb") as file:
            total += sum(1 for _ in file)
        size += path.stat().st_size
    return total, size


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=1_000_000, help="about so many wait")
    parser.add_argument("--delay-ms", type=int, default=0)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--dir", default=".", help="room for 3 kB a turn, on a real disk")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.dir) as folder:
        folder = Path(folder)
        corpus, scanned, config = folder / "corpus.jsonl", folder / "scanned", folder / "judge.toml"
        conversations = int(given.turns / TURNS_A_CONVERSATION) + 50
        with open(corpus, "wb") as out:
            subprocess.run([SERVER.parent / "corpus", str(conversations)], stdout=out, check=True)

        def configure(base, budget):
            config.write_text(CONFIG.format(url=f"{base}/v1", in_flight=given.in_flight, budget=budget))

        configure("http://127.0.0.1:1", "")
        _, seconds, peak = run([BIN / "rejoinder", "run", corpus, "--config", config, "--offline", "--out", scanned])
        corpus.unlink()
        waiting, size = rows(scanned)
        print(f"{conversations:,} conversations scanned in {seconds:.1f} s, {peak:.0f} MB at most; "
              f"{waiting:,} turns wait, {size / 1e6:,.0f} MB", flush=True)
        print(f"  {'':16} {'first after s':>13} {'requests/s':>10} {'in all s':>9} {'peak MB':>8} {'requests':>10}")
        for name, budget in (("without a budget", ""), ("with a budget", BUDGET)):
            judged = folder / "judged"
            shutil.copytree(scanned, judged)
            server = Server(given.delay_ms)
            configure(server.base, budget)
            begun, seconds, peak = run([BIN / "rejoinder", "judge", judged, "--config", config, "--json"])
            seen = server.seen()
            server.stop()
            rate = seen["questions"] / max(seen["last"] - seen["first"], 1e-9)
            print(f"  {name:16} {seen['first'] - begun:13.2f} {rate:10,.0f} {seconds:9.1f} {peak:8.0f} "
                  f"{seen['questions']:10,}", flush=True)
            shutil.rmtree(judged)


if __name__ == "__main__":
    main()
