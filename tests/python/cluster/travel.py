"""What travels with a job, and what is said where something has not arrived."""

import dataclasses
import pathlib
import shutil
import subprocess
import sys

import pyarrow as pa
import ray

import rejoinder
import rejoinder.ray
from cluster import chats
from cluster.judge import refused
from cluster.machines import Machines
from rejoinder.ray.luggage import Luggage
from rejoinder.ray.scanning import ScanActor
from rejoinder.ray.terms import JobTerms
from wheel.command import ROOT, new_folder

OWN_RULES = """\
format = 1
[[rule]]
id = "mine.rust"
category = "UR2"
route = "accept"
any = ["i use rust"]
"""
DIALOGUE = [
    {"role": "user", "content": "Write a loop that prints 1 to 10."},
    {"role": "assistant", "content": "for (int i = 1; i <= 10; i++) printf();"},
    {"role": "user", "content": "I use Rust."},
]
TABLE = pa.table({"conversation_id": [f"c{number}" for number in range(8)], "conversation": [DIALOGUE] * 8})

# A built plugin: the library of `rephrase`, of this version.
plugin: pathlib.Path | None = None


def own_files() -> pathlib.Path:
    """A folder with a config, and a pack and a plugin that the config names by relative paths."""
    folder = new_folder()
    (folder / "mine.toml").write_text(OWN_RULES)
    shutil.copy(plugin, folder / plugin.name)
    config = ["format = 1", "[rules]", 'packs = ["*", "./mine.toml"]', "[[plugin]]", 'name = "context"', "[[plugin]]"]
    (folder / "rejoinder.toml").write_text("\n".join([*config, f'path = "{plugin.name}"', 'isolation = "process"', ""]))
    return folder


def check_files_of_the_config_travel():
    """They are gone from the driver's disk before a worker begins."""
    folder = own_files()
    with Machines():
        config = folder / "rejoinder.toml"
        expected = chats.decisions(pa.table(rejoinder.Engine(config, corpus=TABLE).scan(TABLE)))
        identities = rejoinder.Engine(config).plugins
        ds = rejoinder.ray.scan(ray.data.from_arrow(TABLE), config)
        shutil.rmtree(folder)
        rows = chats.rows_of(ds)
        assert chats.decisions(rows).equals(expected)
        assert chats.with_decision(rows, "accepted").num_rows == TABLE.num_rows
        assert {name for name, _ in identities} >= {"context", "rephrase"}, identities


def check_what_a_worker_lacks_ends_the_job_with_a_sentence():
    folder = own_files()
    with Machines():
        ds = ray.data.from_arrow(TABLE)
        run = lambda terms: ds.map_batches(  # noqa: E731
            ScanActor, fn_constructor_args=(terms, None, None), batch_format="pyarrow", num_cpus=0.5
        ).count()
        terms = JobTerms.on_driver(folder / "rejoinder.toml", None)
        assert run(terms) == TABLE.num_rows
        sent = ray.get(terms.luggage)
        lost = dataclasses.replace(sent, files={name: file for name, file in sent.files.items() if plugin.name not in name})
        refused(lambda: run(dataclasses.replace(terms, luggage=ray.put(lost))), f"{plugin.name} did not arrive")
        changed = Luggage(sent.config, {name: file + b"\n" for name, file in sent.files.items()}, sent.hashes)
        refused(lambda: run(dataclasses.replace(terms, luggage=ray.put(changed))), "did not arrive")
        other = dataclasses.replace(terms, facts=dataclasses.replace(terms.facts, version="0.0.0"))
        refused(lambda: run(other), "0.0.0 on the driver")
        other = dataclasses.replace(terms.facts, plugins=[*terms.facts.plugins, ("mine", "1")])
        refused(lambda: run(dataclasses.replace(terms, facts=other)), "plugin mine is missing")
        other = dataclasses.replace(terms.facts, rules_hash="0")
        refused(lambda: run(dataclasses.replace(terms, facts=other)), "the rules are others")
        (folder / "mine.toml").unlink()
        refused(lambda: rejoinder.ray.scan(ds, folder / "rejoinder.toml"), "mine.toml")
    with Machines({"REJOINDER_INPUT_MIN_MESSAGES": "4"}):
        refused(lambda: rejoinder.ray.scan(ray.data.from_arrow(TABLE)).count(), "input.min-messages is 4 here")


def check_ray_is_needed_by_nothing_else():
    said = python("import sys, rejoinder; print(sorted({'ray', 'pyarrow', 'numpy', 'pandas'} & set(sys.modules)))")
    assert said.stdout == "[]\n", said
    said = python("import sys; sys.modules['ray'] = None; import rejoinder.ray")
    assert 'pip install "rejoinder[ray]"' in said.stderr, said


def python(program: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
