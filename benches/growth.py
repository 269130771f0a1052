#!/usr/bin/env python3
"""How the cost of a kept recall grows with the corpus, for a score that learns as the run goes on and for one that does not.

    cargo build --release --example hidden && cargo build --release
    benches/growth.py [--recall 0.8] [--out benches/growth.svg] FILE...

The turns are those of the files (JSONL conversations), the labels come from a hidden function (benches/hidden.rs) with 5 %
of them wrong: nobody has labelled so many. So this shows how the loop behaves, not how well feedback is found.
Prints a table and draws judge calls a thousand turns, samples and audit among them.
"""
import argparse
import json
import subprocess
import tempfile

SIZES = [10_000, 30_000, 100_000]


def played(size, files, recall):
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as corpus:
        subprocess.run(["target/release/examples/hidden", str(size), "1", *files], stdout=corpus, check=True)
        command = ["target/release/rejoinder", "eval", corpus.name, "--labels", "--cascade", "--recall", str(recall), "--json"]
        return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def plot(series, recall):
    """An SVG: turns on a logarithmic axis, calls a thousand turns on a linear one."""
    left, bottom, width, height = 60, 260, 380, 230
    xs = [left + 20 + i * (width - 40) / (len(SIZES) - 1) for i in range(len(SIZES))]
    y = lambda calls: bottom - height * calls / 1000
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="560" height="310" font-family="sans-serif" font-size="12">']
    out.append('<rect width="560" height="310" fill="white"/>')
    for calls in range(0, 1001, 200):
        out.append(f'<line x1="{left}" x2="{left + width}" y1="{y(calls):.0f}" y2="{y(calls):.0f}" stroke="#ddd"/>')
        out.append(f'<text x="{left - 8}" y="{y(calls) + 4:.0f}" text-anchor="end">{calls}</text>')
    for x, size in zip(xs, SIZES):
        out.append(f'<text x="{x:.0f}" y="{bottom + 18}" text-anchor="middle">{size:,}</text>')
    out.append(f'<text x="{left + width / 2}" y="{bottom + 38}" text-anchor="middle">later turns; recall {recall} wanted, 0.95 sure</text>')
    out.append('<text x="8" y="18">judge calls a thousand turns</text>')
    for (name, values), colour in zip(series.items(), ["#888", "#1f77b4"]):
        points = " ".join(f"{x:.0f},{y(v):.0f}" for x, v in zip(xs, values))
        out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out.extend(f'<circle cx="{x:.0f}" cy="{y(v):.0f}" r="3" fill="{colour}"/>' for x, v in zip(xs, values))
        out.append(f'<text x="{xs[-1] + 26:.0f}" y="{y(values[-1]) + 4:.0f}" fill="{colour}">{name}</text>')
    return "\n".join(out + ["</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--recall", type=float, default=0.8)
    parser.add_argument("--out", default="benches/growth.svg")
    args = parser.parse_args()
    series = {"shipped": [], "loop": []}
    print("| later turns | strategy | calls a thousand turns | with hindsight | auc | recall | certified | learned at (answers) |")
    print("|---|---|---|---|---|---|---|---|")
    for size in SIZES:
        comparison = played(size, args.files, args.recall)
        for name, values in series.items():
            figures = comparison["strategies"][name]
            values.append(1000 * figures["sent_share"])
            rounds = ", ".join(f"{round['asked']:,}" for round in figures.get("rounds", []))
            print(
                f"| {comparison['turns']:,} | {name} | {values[-1]:.0f} | {1000 * figures['curve_share']:.0f} | {figures['auc']:.3f} "
                f"| {figures['recall']:.3f} | {figures['certified_recall']:.3f} | {rounds} |",
                flush=True,
            )
    with open(args.out, "w") as out:
        out.write(plot(series, args.recall))


main()
