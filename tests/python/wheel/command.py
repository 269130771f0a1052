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

OWN = [sys.executable, "-m", "rejoinder"]
# The command to compare with: the one of the wheel, or a program that is named.
program = OWN


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
        command("export", "feedback", self.run, "--out", file, "--force", "--quiet")
        return pq.read_table(file)

    def waiting(self) -> list:
        """The questions that wait, without what the run keeps beside them for its own tallies."""
        rows = lines_of(self.run.glob("spool/*.jsonl"))
        for row in rows:
            row.pop("standing", None)
        return rows

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


def with_nulls(of: pa.DataType) -> pa.DataType:
    """A type, with nulls wherever something may be missing."""
    if pa.types.is_list(of):
        return pa.list_(pa.field(of.value_field.name, with_nulls(of.value_type)))
    if pa.types.is_struct(of):
        return pa.struct([pa.field(field.name, with_nulls(field.type)) for field in of])
    return of


def comparable(row: dict) -> dict:
    """A row without what may differ: which questions are asked in one request (`group`); and the identities of plugins, unless the
    command is the wheel's own, since plugins may lie as files beside another one."""
    row = {key: value for key, value in row.items() if key != "group"}
    if program != OWN and row.get("plugins"):
        row["plugins"] = [{**vote, "identity": None} for vote in row["plugins"]]
    if row.get("turns"):
        row["turns"] = list(map(comparable, row["turns"]))
    return row


def assert_alike(found: list, expected: list):
    """Two lists of rows are equal; if not, the first row that differs is shown."""
    assert len(found) == len(expected), (len(found), len(expected), found[:1], expected[:1])
    for row, wanted in zip(map(comparable, found), map(comparable, expected)):
        differing = {key: (row.get(key), wanted.get(key)) for key in {**row, **wanted} if row.get(key) != wanted.get(key)}
        assert row == wanted, f"in the row of {row.get('id') or row}:\n{differing}"


def assert_same_rows(rows: pa.Table, ran: Ran):
    """The rows about a table say what the run says about the same records."""
    feedback = ran.feedback()
    schema = rows.schema
    for at, field in enumerate(feedback.schema):
        assert schema.field(at).equals(pa.field(field.name, with_nulls(field.type))), (schema.field(at), field)
    accepted = [{name: row[name] for name in feedback.column_names} for row in with_decision(rows, "accepted")]
    assert_alike(accepted, feedback.to_pylist())
    waiting = [json.loads(row["question"]) for row in with_decision(rows, "waiting")]
    assert_alike(waiting, ran.waiting())
    place = lambda row, number, reason: {"shard": row["shard"], "row": row[number], "reason": row[reason]}  # noqa: E731
    aside = [place(row, "ordinal", "error") for row in with_decision(rows, "set-aside")]
    assert_alike(aside, [place(row, "line", "reason") for row in ran.set_aside()])
    assert len(accepted) + len(waiting) + len(aside) == rows.num_rows
