"""What the checks of exports share: a run over the repository's dialogues, and all files made of it."""

import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
DIALOGUES = ROOT / "tests/data/dialogues.jsonl"
EXPORT = ROOT / "tests/data/export"
TASKS = ("sft", "kto", "pairs")
STYLES = ("trl", "axolotl", "llamafactory")


class Run:
    """A finished run in a temporary folder: over dialogues that hold something for every export, by the rules beside them; or over
    others, by the shipped rules unless `rules`."""

    def __init__(self, binary: str, *inputs, rules=False):
        self.binary = str(pathlib.Path(binary).resolve())
        self.kept = tempfile.TemporaryDirectory(prefix="rejoinder-exports-")
        self.folder = pathlib.Path(self.kept.name)
        self.run = self.folder / "run"
        config = self.folder / "config.toml"
        config.write_text(f"format = 1\nplugin = []\n[rules]\npacks = [{json.dumps(str(EXPORT / 'rules.toml'))}]\n")
        own = ["--config", config] if rules or not inputs else []
        self.command("run", *(inputs or [EXPORT / "dialogues.jsonl"]), *own, "--out", self.run)

    def command(self, *args) -> str:
        """Runs the command and returns its standard output; it must succeed."""
        command = [self.binary, *map(str, args), "--quiet"]
        return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout

    def export(self, what: str, name: str, *args) -> pathlib.Path:
        """Exports into the file `name` of the folder."""
        path = self.folder / name
        self.command("export", what, self.run, "--out", path, "--force", *args)
        return path


def json_lines(path: pathlib.Path) -> list:
    """The rows of a file."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def binary() -> str:
    """The command to check, named by the first argument."""
    return sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "target/debug/rejoinder")
