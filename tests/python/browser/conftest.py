"""What the tests of both pages share: the command, a real browser, and a watch over all that a page does."""

import json
import os
import subprocess
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[3]
REJOINDER = Path(os.environ.get("REJOINDER", ROOT / "target/debug/rejoinder")).resolve()
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
DIALOGUES = ROOT / "tests/data/dialogues.jsonl"
# To the command, variables that begin so are settings.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("REJOINDER_")}


def command(*args, code=0, **more):
    """Runs the command to its end; returns what it printed."""
    ended = subprocess.run([REJOINDER, *map(str, args)], capture_output=True, text=True, cwd=ROOT, env=ENVIRONMENT, **more)
    assert ended.returncode == code, f"{args}: exit code {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout


def run_over(folder, *inputs):
    """A run over inputs, in a folder."""
    run = folder / "run"
    command("run", *inputs, "--out", run, "--no-config", "--quiet")
    return run


class Server:
    """`rejoinder review`, serving."""

    def __init__(self, run, *args):
        self.process = subprocess.Popen(
            [REJOINDER, "review", run, *args, "--no-browser", "--json"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=ENVIRONMENT,
        )
        line = self.process.stdout.readline()
        assert line, f"the server ended with exit code {self.process.wait()}"
        self.address = json.loads(line)["address"]

    def kill(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def serve():
    """Starts review servers, and ends them."""
    servers = []

    def start(run, *args):
        servers.append(Server(run, *args))
        return servers[-1]

    yield start
    for server in servers:
        server.kill()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        program = os.environ.get("REJOINDER_CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


class WatchedPage:
    """A page, what it asked for, and what it complained about."""

    def __init__(self, context):
        self.page = context.new_page()
        self.requests, self.complaints = [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        # Whatever chat text would try to do, it would try one of these.
        self.page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}") or dialog.dismiss())
        self.page.on("popup", lambda _: self.complaints.append("a window was opened"))
        self.page.on("download", lambda _: self.complaints.append("a download began"))

    def faults(self):
        """Serious accessibility faults, by axe-core."""
        self.page.evaluate(AXE)
        found = self.page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
        return [
            (fault["id"], [node["html"][:120] for node in fault["nodes"][:3]])
            for fault in found
            if fault["impact"] in ("serious", "critical")
        ]

    def overflow(self):
        """By how many pixels the page is wider than its window."""
        return self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


SIZES = {"wide": (1280, 900), "narrow": (360, 740)}


@pytest.fixture
def open_page(browser):
    """Opens watched pages; in the end none may have complained."""
    contexts, pages = [], []

    def start(address, size="wide", scheme="light"):
        width, height = SIZES[size]
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        watched = WatchedPage(context)
        pages.append(watched)
        watched.page.goto(address)
        return watched

    yield start
    for watched in pages:
        assert watched.complaints == []
    for context in contexts:
        context.close()
