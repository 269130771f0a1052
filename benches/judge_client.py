#!/usr/bin/env python3
"""Compares the judge's client with raw hyper and with aiohttp, against a server that only answers.

    cargo build --release --examples && benches/judge_client.py [--rounds 5] [--python VENV/bin/python] [--dir FOLDER]

Server and client share the machine. The clients run in turn, round by round, so that they share its moods; printed are
the medians of requests a second, of the rounds' ratios to raw hyper, and the share of what the delay allows (requests
in flight divided by it). `--python` names an interpreter that has aiohttp; without one that row is left out.
"""

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "examples" / "judge_client"
# Delay in milliseconds, requests in flight.
LOADS = [(0, 64), (50, 64), (50, 256), (50, 1024)]
NAMES = {
    "hyper": "raw hyper",
    "bare": "judge, SQLite in memory",
    "full": "judge, everything on",
    "aiohttp": "aiohttp",
}


def aiohttp_client(url, requests, in_flight):
    """What a client written in Python does, at its shortest; prints requests a second after the warm-up."""
    import asyncio
    import json
    import time

    import aiohttp

    body = json.loads(subprocess.run([BIN, "body"], stdout=subprocess.PIPE, check=True).stdout)
    warm = min(8 * in_flight, requests // 2)
    numbers = iter(range(requests))
    answered, begun = 0, None

    async def worker(session):
        nonlocal answered, begun
        for _ in numbers:
            async with session.post(f"{url}/chat/completions", json=body) as response:
                answer = await response.json()
            assert answer["choices"][0]["message"]["content"] == "F"
            answered += 1
            if answered == warm:
                begun = time.perf_counter()

    async def work():
        connector = aiohttp.TCPConnector(limit=in_flight)
        async with aiohttp.ClientSession(connector=connector) as session:
            await asyncio.gather(*(worker(session) for _ in range(in_flight)))
        return time.perf_counter()

    ended = asyncio.run(work())
    print(round((requests - warm) / (ended - begun)))


class Server:
    """A server on a free port, for as long as the block lasts."""

    def __init__(self, delay):
        self.delay = delay

    def __enter__(self):
        self.process = subprocess.Popen([BIN, "serve", "--delay-ms", str(self.delay)], stdout=subprocess.PIPE, text=True)
        port = self.process.stdout.readline().split()[1]
        return f"http://127.0.0.1:{port}/v1"

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def measured(command):
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit code {done.returncode}")
    return float(done.stdout.split()[-1])


def has_aiohttp(python):
    return python and subprocess.run([python, "-c", "import aiohttp"], stderr=subprocess.DEVNULL).returncode == 0


def compare(given, delay, in_flight, with_aiohttp):
    ideal = in_flight / (delay / 1000) if delay else None
    requests = given.requests if not delay else int(min(given.requests, ideal * given.seconds) + 8 * in_flight)
    runs = {name: [] for name in NAMES if name != "aiohttp" or with_aiohttp}
    for _ in range(given.rounds):
        for name, rates in runs.items():
            # Each client meets a new server.
            with Server(delay) as url:
                load = ["--url", url, "--in-flight", in_flight]
                if name == "aiohttp":
                    count = min(requests, 10_000 + 8 * in_flight)
                    command = [given.python, __file__, "--aiohttp", url, count, in_flight]
                else:
                    command = [BIN, name, *load, "--requests", requests]
                    command += ["--dir", given.dir] if name == "full" else []
                rates.append(measured(command))
    print(f"\n{delay} ms, {in_flight} in flight" + (f" (ideal {ideal:,.0f}/s)" if ideal else ""))
    print(f"  {'':26} {'requests/s':>10} {'of hyper':>9} {'of ideal':>9}")
    medians = {}
    for name, rates in runs.items():
        rate = statistics.median(rates)
        share = statistics.median(rate / base for rate, base in zip(rates, runs["hyper"]))
        medians[name] = (rate, share, rate / ideal if ideal else None)
        print(f"  {NAMES[name]:26} {rate:10,.0f} {share:9.2f} {rate / ideal if ideal else float('nan'):9.2f}")
    if with_aiohttp:
        medians["times aiohttp"] = statistics.median(a / b for a, b in zip(runs["full"], runs["aiohttp"]))
    return medians


def main():
    if sys.argv[1:2] == ["--aiohttp"]:
        url, requests, in_flight = sys.argv[2:]
        return aiohttp_client(url, int(requests), int(in_flight))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=60_000, help="of one run, at most")
    parser.add_argument("--seconds", type=float, default=4, help="about what a run with a delay lasts at most")
    parser.add_argument("--python", help="an interpreter that has aiohttp")
    parser.add_argument("--dir", default=".", help="where ledgers are made: a real disk, for each commit waits for it")
    given = parser.parse_args()
    with_aiohttp = has_aiohttp(given.python)
    if not with_aiohttp:
        print("aiohttp: absent; pip install aiohttp into a virtual environment and name its --python")
    print(f"{given.rounds} rounds, {os.cpu_count()} processors; server and client share them")
    found = {load: compare(given, *load, with_aiohttp) for load in LOADS}
    at_once, delayed = found[0, 64], found[50, 256]
    targets = [
        ("50 ms, 256: everything on, of ideal", delayed["full"][2], 0.85),
        ("0 ms, 64: without the disk, of hyper", at_once["bare"][1], 0.6),
        ("0 ms, 64: everything on, of hyper", at_once["full"][1], 0.4),
    ]
    if with_aiohttp:
        targets.append(("0 ms, 64: everything on, of aiohttp", at_once["times aiohttp"], 4))
    print("\nTargets")
    for what, value, limit in targets:
        print(f"  {what:38} {value:6.2f}  ≥ {limit:<5} {'reached' if value >= limit else 'MISSED'}")


if __name__ == "__main__":
    main()
