"""The command on a file, and its results as Python holds them."""

import functools
import json
import pathlib
import subprocess
import sys
import tempfile

import pyarrow as pa
import pyarrow.parquet as pq

import rejoinder

ROOT = pathlib.Path(__file__).resolve().parents[3]
DATA = ROOT / "tests/data"
DIALOGUES = DATA / "dialogues.jsonl"
# Every later turn is asked about, so that every word of every conversation shows in the rows.
ALL_WAIT = {"cascade": {"reject-below": 0.0}}

# The command to compare with: the one of the wheel, or a program that is named.
program = [sys.executable, "-m", "rejoinder"]


def command(*words, check=True, cwd=None, env=None) -> subprocess.CompletedProcess:
    """Runs the command; its output is text."""
    return subprocess.run([*program, *map(str, words)], check=check, capture_output=True, text=True, cwd=cwd, env=env)


@functools.cache
def scratch() -> pathlib.Path:
    """A folder for this process."""
    kept = tempfile.TemporaryDirectory(prefix="rejoinder-wheel-")
    scratch.kept = kept
    return pathlib.Path(kept.name)


def new_folder() -> pathlib.Path:
    """A new empty folder."""
    return pathlib.Path(tempfile.mkdtemp(dir=scratch()))


def toml(config: dict) -> str:
    """A config as a file: sections of simple values."""
    lines = ["format = 1"]
    for section, values in config.items():
        lines.append(f"[{section}]")
        lines += [f"{json.dumps(key)} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join(lines) + "\n"


def lines_of(files) -> list:
    """The rows of JSON-lines files, file by file in the order of their names."""
    return [json.loads(line) for file in sorted(files) for line in file.read_text().splitlines()]


class Ran:
    """A run of the command without a judge."""

    def __init__(self, file, config=None, flags=()):
        self.folder = new_folder()
        self.run = self.folder / "run"
        named = self.folder / "config.toml"
        named.write_text(toml(config or {}))
        command("run", file, "--config", named, "--offline", "--quiet", "--out", self.run, *flags)

    def feedback(self) -> pa.Table:
        """The feedback table, as it is exported to Parquet."""
        file = self.folder / "feedback.parquet"
        command("export", "feedback", self.run, "--out", file, "--quiet")
        return pq.read_table(file)

    def waiting(self) -> list:
        """The questions that wait."""
        return lines_of(self.run.glob("spool/*.jsonl"))

    def set_aside(self) -> list:
        """The records that were set aside."""
        return lines_of(self.run.glob("quarantine/*.jsonl"))

    def training(self, what: str, *flags) -> list:
        """The training rows."""
        file = self.folder / f"{what}.jsonl"
        command("export", what, self.run, "--out", file, "--force", "--quiet", *flags)
        return lines_of([file])


def scanned(table, config=None, **options) -> pa.Table:
    """The rows about a table, by an engine that has looked at the table, as a run looks at its input."""
    return pa.table(rejoinder.Engine(config or {}, corpus=table).scan(table, **options))


def with_decision(rows: pa.Table, decision: str) -> list:
    """The rows with a decision."""
    return [row for row in rows.to_pylist() if row["decision"] == decision]


def assert_same_rows(rows: pa.Table, ran: Ran):
    """The rows about a table say what the run says about the same records."""
    feedback = ran.feedback()
    schema = rows.schema
    for at, field in enumerate(feedback.schema):
        assert schema.field(at).equals(field), (schema.field(at), field)
    accepted = [{name: row[name] for name in feedback.column_names} for row in with_decision(rows, "accepted")]
    assert accepted == feedback.to_pylist()
    waiting = [json.loads(row["question"]) for row in with_decision(rows, "waiting")]
    expected = ran.waiting()
    assert waiting == expected, next(pair for pair in zip(waiting, expected) if pair[0] != pair[1])
    aside = [(row["shard"], row["ordinal"], row["error"]) for row in with_decision(rows, "set-aside")]
    told = ran.set_aside()
    assert aside == [(row["shard"], row["line"], row["reason"]) for row in told], (aside[:3], told[:3])
    assert len(accepted) + len(waiting) + len(aside) == rows.num_rows
