"""Data sets are read as the export writes them, or refused with the reason; overlap is found."""

import hashlib
import json

import pytest
import sets

from rejoinder_recipes.dataset import overlapping, read_metadata, read_split
from rejoinder_recipes.errors import RecipeError


def test_a_set_is_read_with_the_split_that_was_held_out(tmp_path):
    folder = sets.write_set(tmp_path / "set", "kto", sets.rows(6), sets.rows(4, 100))
    assert [split.name for split in (read_split(folder), read_split(folder, "train"))] == ["validation", "train"]
    assert len(read_split(folder).rows) == 4
    assert read_split(sets.write_set(tmp_path / "alone", "sft", sets.rows(2))).name == "train"


def test_what_is_no_set_is_refused_with_the_reason(tmp_path):
    with pytest.raises(RecipeError, match="no rejoinder.json"):
        read_metadata(tmp_path)
    folder = sets.write_set(tmp_path / "set", "kto", sets.rows(4))
    with pytest.raises(RecipeError, match="no split `test`; it has train"):
        read_split(folder, "test")
    for key, value, message in [("format", 2, "another format"), ("style", "axolotl", "style axolotl"), ("task", "pairs", "set of pairs")]:
        metadata = json.loads((folder / "rejoinder.json").read_text()) | {key: value}
        (folder / "other.json").write_text((folder / "rejoinder.json").read_text())
        (folder / "rejoinder.json").write_text(json.dumps(metadata))
        with pytest.raises(RecipeError, match=message):
            read_metadata(folder)
        (folder / "other.json").replace(folder / "rejoinder.json")
    (folder / "rejoinder.json").write_text("{")
    with pytest.raises(RecipeError, match="cannot be read"):
        read_metadata(folder)


def test_rows_that_were_changed_after_the_export_are_refused(tmp_path):
    folder = sets.write_set(tmp_path / "set", "kto", sets.rows(4))
    with (folder / "data/train.jsonl").open("a") as file:
        file.write("{}\n")
    with pytest.raises(RecipeError, match="changed after the export"):
        read_split(folder)


def test_a_missing_or_another_column_is_told_with_its_line(tmp_path):
    for change in ({"label": "yes"}, {"prompt": None}, {"surplus": 1}):
        rows = sets.rows(3)
        rows[1] |= change
        folder = sets.write_set(tmp_path / next(iter(change)), "kto", sets.rows(3))
        content = "".join(json.dumps(row) + "\n" for row in rows).encode()
        (folder / "data/train.jsonl").write_bytes(content)
        metadata = json.loads((folder / "rejoinder.json").read_text())
        metadata["splits"]["train"]["sha256"] = hashlib.sha256(content).hexdigest()
        (folder / "rejoinder.json").write_text(json.dumps(metadata))
        with pytest.raises(RecipeError, match=r"train.jsonl:2"):
            read_split(folder)


def test_rows_overlap_by_their_ids_or_by_their_openings(tmp_path):
    trained = read_split(sets.write_set(tmp_path / "trained", "kto", sets.rows(6)))
    same_id = sets.row("conversation-1", "x", True, [{"role": "user", "content": "Something else"}])
    same_opening = sets.row("other", "x", False, [{"role": "user", "content": "Tell me of conversation-2."}])
    fresh = sets.row("fresh", "x")
    held_out = read_split(sets.write_set(tmp_path / "held", "kto", [same_id, fresh, same_opening]))
    assert overlapping(held_out, trained.marks()) == [0, 2]
    assert overlapping(held_out, set()) == []


def test_marks_hold_no_text(tmp_path):
    split = read_split(sets.write_set(tmp_path / "set", "kto", [sets.row("secret-name", "x")] * 2))
    assert not any("secret" in mark for mark in split.marks())
