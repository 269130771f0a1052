#!/usr/bin/env python3
"""The review tasks are what Argilla and Label Studio take, checked by their own libraries, offline: `review_exports.py [REJOINDER]`.

Needs `pip install argilla label-studio-sdk`.
"""

import json

import argilla as rg
from argilla.records._io import JsonIO
from label_studio_sdk.label_interface import LabelInterface

from exports import Run, binary


def main():
    run = Run(binary())
    path = run.folder / "review.json"
    config = run.command("export", "review", run.run, "--for", "label-studio", "--out", path)
    tasks = json.loads(path.read_text())
    interface = LabelInterface(config)
    for task in tasks:
        assert interface.validate_prediction(task["predictions"][0]), task
        for region in task["predictions"][0]["result"]:
            value = region["value"]
            text = task["data"]["dialogue"][int(value["start"])]["text"].encode("utf-16-le")
            assert text[2 * value["startOffset"] : 2 * value["endOffset"]].decode("utf-16-le") == value["text"]
    print(f"ok  Label Studio: {len(tasks)} tasks")
    run.command("export", "review", run.run, "--for", "argilla", "--out", path)
    records = JsonIO._records_from_json(path)
    assert all(isinstance(record, rg.Record) and record.fields["chat"] for record in records)
    assert len(records) == len(json.loads(path.read_text()))
    print(f"ok  Argilla: {len(records)} records")


main()
