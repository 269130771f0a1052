#!/usr/bin/env python3
"""Compares the scan with other programs that search chat logs, and with itself at other sizes.

    cargo build --release --bins --examples && benches/compare.py [--rounds 5] [--million] [--dir FOLDER]

Corpus, phrases and rules are generated from fixed seeds. The programs of a comparison run in turn, round by round,
so that they share the machine's moods; printed are the medians of CPU seconds (user + system, start-up included) and
of the rounds' ratios. A rival that is not installed is named as absent.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / "target" / "release"

# What the corpus' feedback turns open with, so that a known share of the turns is hit.
OPENINGS = ["no, i wanted", "that is not what i asked for", "that's wrong", "it still doesn't work", "are you sure",
            "what do you mean by", "thanks, that worked", "thank you", "perfect, now", "you misunderstood",
            "can you explain why", "great answer"]
STARTS = ["that is", "this is", "it is", "you are", "i think it is", "why is it", "the answer is", "no, that is",
          "the list is", "please make it", "can you make it", "the table was", "the code was", "it was"]
ENDS = ["wrong", "mistaken", "outdated", "nonsense", "useless", "superb", "unclear", "too long", "too short",
        "not mine", "brilliant", "off topic", "garbled", "untrue", "invented", "misleading", "helpful", "vague"]
WORDS = ["about", "since", "because", "despite", "regarding", "although", "unless", "whenever"]
THINGS = ["amber", "basil", "cedar", "delta", "ember", "flint", "grain", "hazel", "ivory", "jumbo", "kayak", "lemon",
          "maple", "nylon", "olive", "pearl", "quilt", "raven", "slate", "tulip", "umber", "velvet", "walnut", "zinc"]

RIVAL_AUTOMATON = """
import sys, orjson, ahocorasick
automaton = ahocorasick.Automaton()
for phrase in open(sys.argv[2], encoding="utf-8").read().splitlines():
    automaton.add_word(phrase, len(phrase))
automaton.make_automaton()
turns = candidates = 0
is_word = lambda c: c.isalnum() or c == "_"
for line in open(sys.argv[1], "rb"):
    answered = False
    for message in orjson.loads(line)["conversation"]:
        if message["role"] != "user":
            answered = answered or bool(message["content"].strip())
            continue
        if not answered:
            continue
        turns += 1
        text = message["content"].lower()
        for end, length in automaton.iter(text):
            start = end - length + 1
            if (start == 0 or not is_word(text[start - 1])) and (end + 1 == len(text) or not is_word(text[end + 1])):
                candidates += 1
                break
print(turns, candidates)
"""

RIVAL_DUCKDB = """
import re, sys, duckdb
phrases = "|".join(re.escape(p) for p in open(sys.argv[2], encoding="utf-8").read().splitlines())
duckdb.sql("SET threads = 1")
duckdb.sql("SET preserve_insertion_order = false")
print(duckdb.execute("SELECT count(*) FROM (SELECT unnest(conversation) AS m FROM read_json(?, format = 'newline_delimited', "
    "columns = {conversation: 'STRUCT(role VARCHAR, content VARCHAR)[]'})) "
    "WHERE m.role = 'user' AND regexp_matches(lower(m.content), ?)", [sys.argv[1], phrases]).fetchall())
"""


def phrases(count):
    """`count` different phrases; those after the openings share their beginnings with the corpus and hit nothing."""
    rng, found = random.Random(7), dict.fromkeys(OPENINGS)
    while len(found) < count:
        found[f"{rng.choice(STARTS)} {rng.choice(ENDS)} {rng.choice(WORDS)} {rng.choice(THINGS)}"] = None
    return list(found)[:count]


def phrase_rules(count):
    """A rule file with ten phrases a rule."""
    wanted, rules = phrases(count), ["format = 1"]
    for start in range(0, count, 10):
        rules.append(f'[[rule]]\nid = "bench.r{start}"\ncategory = "UR4"\nroute = "escalate"\n'
                     f"any = {json.dumps(wanted[start:start + 10])}")
    return "\n".join(rules) + "\n"


def regex_rules(count):
    """A rule file with `count` regexes, each with required literals and word boundaries."""
    rng, rules = random.Random(8), ["format = 1"]
    for number in range(count):
        pattern = (rf"\b(?:{rng.choice(OPENINGS)}|{rng.choice(STARTS)}) (?:{rng.choice(ENDS)}|{rng.choice(ENDS)})"
                   rf"[,.]? +(?:{rng.choice(WORDS)}|{rng.choice(WORDS)}) {rng.choice(THINGS)}\b")
        if number < len(OPENINGS):
            pattern = rf"^(?:oh|well|ok)?[,. ]*{OPENINGS[number]}\b"
        rules.append(f'[[rule]]\nid = "bench.x{number}"\ncategory = "UR4"\nroute = "escalate"\n'
                     f"regex = ['''{pattern}''']")
    return "\n".join(rules) + "\n"


class Measured:
    """One finished process: CPU seconds, wall seconds, peak memory in MB, standard output."""

    def __init__(self, command, may_fail=False):
        begun = time.perf_counter()
        with tempfile.TemporaryFile() as out:
            process = subprocess.Popen([str(c) for c in command], stdout=out, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            self.wall = time.perf_counter() - begun
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            self.output = out.read().decode(errors="replace").strip()
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak = usage.ru_maxrss / 1024
        if process.returncode and not may_fail:
            sys.exit(f"{' '.join(map(str, command))}: exit code {process.returncode}")


class Comparison:
    """Programs that run in turn, round by round; the first one is the yardstick."""

    def __init__(self, title, bench):
        self.title, self.bench, self.programs, self.absent = title, bench, {}, []

    def add(self, name, command, work, needs=None):
        """`command`: arguments, or a function that makes them for each round; `needs`: what must be installed."""
        if needs:
            self.absent.append((name, needs))
        else:
            self.programs[name] = (command, work)

    def run(self):
        runs = {name: [] for name in self.programs}
        for _ in range(self.bench.rounds):
            for name, (command, _) in self.programs.items():
                runs[name].append(Measured(command() if callable(command) else command))
        base = next(iter(runs))
        print(f"\n{self.title}")
        print(f"  {'':34} {'CPU s':>8} {'ratio':>7} {'peak MB':>8}  what it does")
        for name, all_runs in runs.items():
            ratio = statistics.median(r.cpu / b.cpu for r, b in zip(all_runs, runs[base]))
            cpu, peak = statistics.median(r.cpu for r in all_runs), max(r.peak for r in all_runs)
            print(f"  {name:34} {cpu:8.2f} {ratio:7.2f} {peak:8.0f}  {self.programs[name][1]} → {all_runs[0].output[:90]}"
                  if all_runs[0].output and len(all_runs[0].output) < 200 else
                  f"  {name:34} {cpu:8.2f} {ratio:7.2f} {peak:8.0f}  {self.programs[name][1]}")
        for name, how in self.absent:
            print(f"  {name:34}   absent: {how}")
        return runs


def ratio(runs, a, b):
    """Median of the rounds' CPU ratios a : b."""
    if a not in runs or b not in runs:
        return None
    return statistics.median(x.cpu / y.cpu for x, y in zip(runs[a], runs[b]))


class Bench:
    def __init__(self, folder, rounds):
        self.folder, self.rounds, self.verdicts, self.number = folder, rounds, [], 0

    def file(self, name, content):
        path = self.folder / name
        path.write_text(content, encoding="utf-8")
        return path

    def corpus(self, name, *arguments):
        path = self.folder / name
        if not path.exists():
            with open(path, "wb") as out:
                subprocess.run([BIN / "examples" / "corpus", *map(str, arguments)], stdout=out, check=True)
        return path

    def run_command(self, corpus, config, threads=1):
        """A whole `run` into a new folder."""
        def command():
            self.number += 1
            shutil.rmtree(self.folder / f"run{self.number - 4}", ignore_errors=True)
            return [BIN / "rejoinder", "run", corpus, "--config", config, "--threads", threads,
                    "--out", self.folder / f"run{self.number}", "--json"]
        return command

    def target(self, what, value, limit, at_most=True):
        if value is not None:
            reached = value <= limit if at_most else value >= limit
            self.verdicts.append((what, value, f"{'≤' if at_most else '≥'} {limit}", "reached" if reached else "MISSED"))


def python_module(*names):
    """How to install the modules, if one is missing."""
    for name in names:
        if subprocess.run([sys.executable, "-c", f"import {name}"], capture_output=True).returncode:
            return "pip install orjson pyahocorasick duckdb"
    return None


def program(name, package):
    return None if shutil.which(name) else f"install the package {package}"


def prefilter(corpus, rules):
    return [BIN / "examples" / "prefilter", corpus, rules]


OUR_WORK = "parses all, checks all JSON and UTF-8, searches later user turns, word boundaries, folding"
RG_WORK = "searches all text, no boundaries, stops at a line's first hit"


def rivals(bench, corpus):
    lists = {n: (bench.file(f"phrases{n}.txt", "\n".join(phrases(n)) + "\n"), bench.file(f"phrases{n}.toml", phrase_rules(n)))
             for n in (200, 1000, 5000)}
    words, rules = lists[200]
    rg = lambda n: ["rg", "-c", "-F", "-i", "-j1", "-f", lists[n][0], corpus]
    compared = Comparison("200 phrases, one thread", bench)
    compared.add("prefilter", prefilter(corpus, rules), OUR_WORK)
    compared.add("rg -c -F -i -f", rg(200), RG_WORK, program("rg", "ripgrep"))
    compared.add("orjson + pyahocorasick", [sys.executable, bench.file("automaton.py", RIVAL_AUTOMATON), corpus, words],
                 "later user turns, boundaries, no folding but lower()", python_module("orjson", "ahocorasick"))
    compared.add("DuckDB", [sys.executable, bench.file("duck.py", RIVAL_DUCKDB), corpus, words],
                 "all user turns, lower(), no boundaries", python_module("duckdb"))
    runs = compared.run()
    bench.target("prefilter : rg, 200 phrases", ratio(runs, "prefilter", "rg -c -F -i -f"), 0.5)
    bench.target("orjson + automaton : prefilter", ratio(runs, "orjson + pyahocorasick", "prefilter"), 6, at_most=False)
    bench.target("DuckDB : prefilter", ratio(runs, "DuckDB", "prefilter"), 3, at_most=False)

    compared = Comparison("More phrases (only the first ones hit anything)", bench)
    for n in lists:
        compared.add(f"prefilter, {n} phrases", prefilter(corpus, lists[n][1]), "")
    for n in lists:
        compared.add(f"rg, {n} phrases", rg(n), "", program("rg", "ripgrep"))
    runs = compared.run()
    bench.target("5000 : 200 phrases", ratio(runs, "prefilter, 5000 phrases", "prefilter, 200 phrases"), 1.4)

    compared = Comparison("More regex rules", bench)
    for n in (10, 50, 200):
        compared.add(f"prefilter, {n} regexes", prefilter(corpus, bench.file(f"regex{n}.toml", regex_rules(n))), "")
    runs = compared.run()
    bench.target("200 : 10 regexes", ratio(runs, "prefilter, 200 regexes", "prefilter, 10 regexes"), 1.4)
    return rules


def compressed(bench, corpus, rules):
    packed = corpus.with_suffix(".jsonl.zst")
    missing = program("zstd", "zstd")
    if not missing and not packed.exists():
        subprocess.run(["zstd", "-q", "-3", "-f", corpus, "-o", packed], check=True)
    compared = Comparison("zstd input", bench)
    compared.add("zstd -dc", ["zstd", "-qdc", packed, "-o", "/dev/null", "-f"], "decodes only", missing)
    compared.add("prefilter on .zst", prefilter(packed, rules), "decodes and does all its work", missing)
    if not missing:
        runs = compared.run()
        bench.target("decoding : prefilter on .zst", ratio(runs, "zstd -dc", "prefilter on .zst"), 0.7, at_most=False)
    else:
        print(f"\nzstd input: absent: {missing}")


def whole_run(bench, corpus):
    packs = sorted((ROOT / "rules").glob("*.toml"))
    import tomllib
    rules = [rule for pack in packs for rule in tomllib.loads(pack.read_text(encoding="utf-8")).get("rule", [])]
    count = sum(len(rule.get(key, [])) for rule in rules for key in ("any", "regex"))
    config = bench.file("shipped.toml", "format = 1\nplugin = []\n[cascade]\nscore = false\n")
    words = bench.file("as_many.txt", "\n".join(phrases(count)) + "\n")
    compared = Comparison(f"`run` with all {len(rules)} shipped rules ({count} phrases and regexes), no plugins, no judge", bench)
    compared.add("rejoinder run", bench.run_command(corpus, config), "everything, hashes the input, writes parts and spool")
    compared.add(f"rg, {count} phrases", ["rg", "-c", "-F", "-i", "-j1", "-f", words, corpus], RG_WORK, program("rg", "ripgrep"))
    runs = compared.run()
    bench.target("run : rg with as many phrases", ratio(runs, "rejoinder run", f"rg, {count} phrases"), 2.5)
    bench.target("peak memory of run, MB", max(r.peak for r in runs["rejoinder run"]), 150)
    return config


def threads(bench, corpus, config):
    gain, control = [], []
    for _ in range(bench.rounds):
        one = Measured(bench.run_command(corpus, config, 1)()).wall
        two = Measured(bench.run_command(corpus, config, 2)()).wall
        commands = [[str(c) for c in bench.run_command(corpus, config, 1)()] for _ in range(2)]
        begun = time.perf_counter()
        both = [subprocess.Popen(c, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for c in commands]
        for process in both:
            process.wait()
        gain.append(one / two)
        control.append(2 * one / (time.perf_counter() - begun))
    print("\nThreads (wall time)")
    print(f"  one thread : two threads            {statistics.median(gain):6.2f}")
    print(f"  control: two processes at once      {statistics.median(control):6.2f}   what the machine gives")
    share = statistics.median(g / c for g, c in zip(gain, control))
    bench.target("two threads against one, by the control", share, 0.93, at_most=False)


def growth(bench, corpus, rules, config):
    million = bench.corpus("c1m.jsonl", 1_000_000)
    compared = Comparison("100k → 1M conversations", bench)
    compared.add("prefilter, 100k", prefilter(corpus, rules), "")
    compared.add("prefilter, 1M", prefilter(million, rules), "")
    compared.add("run, 100k", bench.run_command(corpus, config), "")
    compared.add("run, 1M", bench.run_command(million, config), "")
    runs = compared.run()
    million.unlink()
    bench.target("prefilter, 1M : 100k", ratio(runs, "prefilter, 1M", "prefilter, 100k"), 10.5)
    bench.target("run, 1M : 100k", ratio(runs, "run, 1M", "run, 100k"), 10.5)
    bench.target("peak memory of run over 1M, MB", max(r.peak for r in runs["run, 1M"]), 150)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--million", action="store_true", help="also compare 100k with 1M conversations (3.3 GB)")
    arguments.add_argument("--dir", type=Path, help="where to put corpora (default: a temporary folder)")
    arguments.add_argument("--conversations", type=int, default=100_000)
    given = arguments.parse_args()
    if given.dir:
        Path(given.dir).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="rejoinder-compare-", dir=given.dir) as folder:
        bench = Bench(Path(folder), given.rounds)
        corpus = bench.corpus("c100k.jsonl", given.conversations)
        print(f"corpus: {given.conversations} conversations, {corpus.stat().st_size / 1e6:.0f} MB; medians of {given.rounds} rounds")
        rules = rivals(bench, corpus)
        for style in ("--moderation", "--ascii"):
            variant = bench.corpus(f"c{style}.jsonl", given.conversations, 7, style)
            compared = Comparison(f"200 phrases, corpus {style} ({variant.stat().st_size / 1e6:.0f} MB)", bench)
            compared.add("prefilter", prefilter(variant, rules), "")
            compared.add("rg", ["rg", "-c", "-F", "-i", "-j1", "-f", bench.folder / "phrases200.txt", variant], "", program("rg", "ripgrep"))
            compared.run()
            variant.unlink()
        compressed(bench, corpus, rules)
        config = whole_run(bench, corpus)
        threads(bench, corpus, config)
        if given.million:
            growth(bench, corpus, rules, config)
        print("\nTargets")
        for what, value, limit, verdict in bench.verdicts:
            print(f"  {what:38} {value:8.2f}  {limit:8}  {verdict}")


if __name__ == "__main__":
    main()
