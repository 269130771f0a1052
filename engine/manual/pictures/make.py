#!/usr/bin/env python3
"""Makes the pictures of the README from the example dialogues: `make.py REJOINDER [FOLDER]`. Needs Playwright and chromium (.ci/browser).

The flow is drawn with the figures of the run; report and review page are what chromium shows of them.
"""

import json
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[3]
DIALOGUES = "tests/data/dialogues.jsonl"
STYLE = """
  text { font: 15px system-ui, sans-serif; fill: #1c1c1f; text-anchor: middle }
  .figure { font-size: 24px; font-weight: 600 }
  .small { font-size: 13px; fill: #5b5b66 }
  rect { fill: #f6f6f9; stroke: #8c8c99; rx: 8px }
  .here { stroke: #2456b8; stroke-width: 2 }
  .judge { stroke-dasharray: 6 4 }
  path { fill: none; stroke: #5b5b66; stroke-width: 1.5; marker-end: url(#tip) }
  #tip path { fill: #5b5b66; stroke: none; marker-end: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #ececf1 } .small { fill: #a9a9b6 } rect { fill: #1f1f25; stroke: #74747f } .here { stroke: #8ab4ff }
    path { stroke: #a9a9b6 } #tip path { fill: #a9a9b6 }
  }
"""


def box(x, y, width, figure, name, kind=""):
    middle = x + width / 2
    return (
        f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="64"/>'
        f'<text class="figure" x="{middle}" y="{y + 28}">{escape(str(figure))}</text>'
        f'<text class="small" x="{middle}" y="{y + 50}">{escape(name)}</text>'
    )


def arrow(from_x, from_y, to_x, to_y):
    half = (from_x + to_x) / 2
    return f'<path d="M{from_x} {from_y} C{half} {from_y} {half} {to_y} {to_x - 3} {to_y}"/>'


def flow(figures):
    accepted = sum(figures["accepted"].values())
    parts = [
        box(10, 108, 140, figures["conversations"], "conversations"),
        arrow(150, 140, 190, 140),
        box(190, 108, 140, figures["turns"], "later turns"),
        arrow(330, 140, 370, 140),
        box(370, 108, 160, figures["candidates"], "marked by a rule", "here"),
        arrow(530, 140, 580, 42),
        arrow(530, 140, 580, 140),
        arrow(530, 140, 580, 238),
        box(580, 10, 170, accepted, "accepted here", "here"),
        box(580, 108, 170, figures["undecided"], "wait for a judge", "judge"),
        box(580, 206, 170, figures["rejected"] + figures["not_looked_at"], "rejected here", "here"),
        arrow(750, 42, 800, 90),
        arrow(750, 140, 800, 90),
        '<rect x="800" y="58" width="150" height="64"/><text x="875" y="86">UR1 … UR5</text><text class="small" x="875" y="108">feedback</text>',
        '<path d="M875 122V172"/><text x="875" y="196">training files</text>',
        '<text class="small" x="265" y="222">rules, plugins and a learned score decide on your machine;</text>',
        '<text class="small" x="265" y="242">a judge is asked about the rest, if you have one</text>',
    ]
    title = f"Of {figures['turns']} later turns {accepted} are accepted, {figures['undecided']} wait for a judge, and the others are rejected"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 296" role="img"><title>{title}</title><style>{STYLE}</style>'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>'
        + "\n".join(parts)
        + "</svg>\n"
    )


def main():
    rejoinder = str(Path(sys.argv[1]).resolve())
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        # The folder's name is in the pictures.
        run = Path(scratch) / "runs/0001"

        def said(*args):
            return subprocess.run([rejoinder, *args], check=True, capture_output=True, text=True, cwd=ROOT).stdout

        figures = json.loads(said("run", DIALOGUES, "--out", run, "--no-config", "--json", "--quiet"))
        (folder / "flow.svg").write_text(flow(figures))
        subprocess.run([rejoinder, "report", "runs/0001"], check=True, capture_output=True, cwd=scratch)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1100, "height": 760})
        page.goto(f"file://{run}/report.html")
        page.screenshot(path=folder / "report.png")
        arguments = [rejoinder, "review", "runs/0001", "--sample", "20", "--seed", "4", "--reader", "you", "--no-browser", "--json"]
        server = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=scratch)
        try:
            page.goto(json.loads(server.stdout.readline())["address"])
            page.wait_for_selector("#about:not([hidden])")
            page.keyboard.press("Enter")
            page.wait_for_selector("#asked")
            page.keyboard.press("2")
            page.wait_for_selector("#program:not([hidden])")
            page.screenshot(path=folder / "review.png")
        finally:
            server.kill()


main()
