"""Training by the real libraries: what they see, what they learn, and that a stopped training goes on as if it had not been stopped."""

import json
import os

import pytest
import sets
import torch
import transformers
from safetensors.torch import load_file

from rejoinder_recipes.chat import encode
from rejoinder_recipes.dataset import read_split
from rejoinder_recipes.errors import RecipeError
from rejoinder_recipes.models import ModelSource, load_model, load_tokenizer
from rejoinder_recipes.training import record
from rejoinder_recipes.training.rows import stage_rows
from rejoinder_recipes.training.settings import TrainingSettings
from rejoinder_recipes.training.train import Stage, Training, train
from rejoinder_recipes.training.trainers import trainer, with_lora

SETTINGS = TrainingSettings(max_length=128, batch_size=2, accumulate=1)
MULTI_TURN = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "One"},
    {"role": "assistant", "content": "An earlier answer"},
    {"role": "user", "content": "Two"},
]


def made(stage, model_folder, rows, tmp_path, settings=SETTINGS):
    """TRL's trainer for some rows."""
    source = ModelSource(str(model_folder))
    tokenizer = load_tokenizer(source)
    split = read_split(sets.write_set(tmp_path / "set", stage, rows))
    model = load_model(source)
    model = model if settings.full else with_lora(model, settings)
    return trainer(stage, model, tokenizer, stage_rows(split, tokenizer, settings.max_length), settings, tmp_path / "out"), tokenizer


def test_sft_learns_the_completion_alone_in_the_form_of_inference(model_folder, tmp_path):
    row = sets.row("a", "The praised answer", prompt=MULTI_TURN)
    trained, tokenizer = made("sft", model_folder, [row], tmp_path)
    batch = next(iter(trained.get_train_dataloader()))
    encoded = encode(tokenizer, row["prompt"], row["completion"])
    assert batch["input_ids"].tolist() == [encoded.prompt + encoded.completion]
    assert batch["labels"].tolist() == [[-100] * len(encoded.prompt) + encoded.completion]
    # What the model reads before the answer is what a server would write before it.
    inference = tokenizer.apply_chat_template(MULTI_TURN, add_generation_prompt=True, tokenize=False)
    assert tokenizer.decode([token for token, label in zip(batch["input_ids"][0], batch["labels"][0]) if label == -100]) == inference
    assert "earlier" not in tokenizer.decode([label for label in batch["labels"][0] if label != -100])


def test_the_loss_of_sft_is_that_of_the_completion(model_folder, tmp_path):
    row = sets.row("a", "The praised answer", prompt=MULTI_TURN)
    trained, tokenizer = made("sft", model_folder, [row], tmp_path)
    batch = next(iter(trained.get_train_dataloader()))
    loss = trained.compute_loss(trained.model, dict(batch)).item()
    encoded = encode(tokenizer, row["prompt"], row["completion"])
    tokens = encoded.prompt + encoded.completion
    with torch.no_grad():
        scores = torch.log_softmax(trained.model(torch.tensor([tokens])).logits[0].float(), -1)
    own = [-scores[place - 1, tokens[place]].item() for place in range(len(encoded.prompt), len(tokens))]
    assert loss == pytest.approx(sum(own) / len(own), rel=1e-3)


def test_kto_learns_the_completion_alone_with_the_weights_of_the_export(model_folder, tmp_path):
    rows = [sets.row("a", "Praised", True, MULTI_TURN), sets.row("b", "Blamed", False)]
    trained, tokenizer = made("kto", model_folder, rows, tmp_path)
    assert (trained.args.desirable_weight, trained.args.undesirable_weight) == (7 / 6, 1.0)
    batch = next(iter(trained.get_train_dataloader()))
    for row, tokens, attention, is_answer in zip(rows, batch["input_ids"], batch["attention_mask"], batch["completion_mask"]):
        encoded = encode(tokenizer, row["prompt"], row["completion"])
        assert tokens[attention == 1].tolist() == encoded.prompt + encoded.completion
        assert tokens[is_answer == 1].tolist() == encoded.completion


def test_rows_that_fit_here_are_not_cut_by_the_trainers(model_folder, tmp_path):
    long = [sets.row(f"{i}", "word " * 60, True, [{"role": "user", "content": "x" * 30}]) for i in range(4)]
    trained, _ = made("sft", model_folder, long, tmp_path)
    assert len(trained.train_dataset) == 4
    batch = next(iter(trained.get_train_dataloader()))
    assert batch["input_ids"].shape[1] == SETTINGS.max_length


def training(model_folder, folder, stages, settings=SETTINGS, **more):
    """A training of data sets, by the name of their stages."""
    return Training(
        ModelSource(str(model_folder)),
        [Stage(name, read_split(path, "train")) for name, path in stages.items()],
        settings,
        folder,
        quiet=True,
        **more,
    )


@pytest.fixture
def both_sets(tmp_path):
    """A data set for each stage."""
    rows = sets.rows(24)
    return {
        "sft": sets.write_set(tmp_path / "sft", "sft", [row for row in rows if row["label"]]),
        "kto": sets.write_set(tmp_path / "kto", "kto", rows),
    }


@pytest.mark.parametrize("full", [False, True])
def test_sft_and_then_kto_move_the_weights_and_leave_a_record(model_folder, both_sets, tmp_path, full):
    settings = TrainingSettings(max_length=128, batch_size=2, accumulate=1, full=full, learning_rate=1e-3)
    said = []
    train(training(model_folder, tmp_path / "arm", both_sets, settings), said.append)
    name = "model.safetensors" if full else "adapter_model.safetensors"
    after = {stage: load_file(tmp_path / "arm" / stage / name) for stage in ("sft", "kto")}
    assert after["sft"].keys() == after["kto"].keys() and not any(".ref." in key for key in after["kto"])
    assert any(not torch.equal(after["sft"][key], after["kto"][key]) for key in after["sft"])
    found = record.read(tmp_path / "arm/kto")
    assert [stage["stage"] for stage in found["stages"]] == ["sft", "kto"]
    assert found["stages"][1]["settings"]["learning_rate"] == 1e-3 and found["stages"][1]["steps"] == 12
    assert all(stage["loss"] > 0 and stage["seconds"] > 0 for stage in found["stages"])
    assert record.read_marks(tmp_path / "arm/kto") == read_split(both_sets["kto"]).marks() | read_split(both_sets["sft"]).marks()
    assert not list((tmp_path / "arm").glob("*/checkpoints"))
    assert any("about" in line for line in said)
    with pytest.raises(RecipeError, match="did you mean .*kto or .*sft"):
        record.read(tmp_path / "arm")
    # Once more: nothing is trained.
    said.clear()
    train(training(model_folder, tmp_path / "arm", both_sets, settings), said.append)
    assert [line for line in said if "finished before" in line] and not any("loss" in line for line in said)


class Stopped(Exception):
    """Stands for a kill."""


class StopAt(transformers.TrainerCallback):
    """Stops a training at a step."""

    step = 0

    def on_step_end(self, args, state, control, **more):
        if state.global_step == StopAt.step:
            raise Stopped


@pytest.mark.parametrize("stage", ["sft", "kto"])
def test_a_stopped_stage_goes_on_as_if_it_had_not_been_stopped(model_folder, both_sets, tmp_path, stage, monkeypatch):
    train(training(model_folder, tmp_path / "whole", both_sets), lambda _: None)
    from rejoinder_recipes.training import train as module

    usual = module.trainer

    def stopping(name, *arguments):
        made = usual(name, *arguments)
        if name == stage:
            made.add_callback(StopAt())
        return made

    monkeypatch.setattr(module, "trainer", stopping)
    StopAt.step = 4
    with pytest.raises(Stopped):
        train(training(model_folder, tmp_path / "stopped", both_sets), lambda _: None)
    assert (tmp_path / "stopped" / stage / "checkpoints").is_dir()
    monkeypatch.setattr(module, "trainer", usual)
    train(training(model_folder, tmp_path / "stopped", both_sets), lambda _: None)
    for name in ("sft", "kto"):
        whole, resumed = (load_file(tmp_path / run / name / "adapter_model.safetensors") for run in ("whole", "stopped"))
        for key in whole:
            assert torch.allclose(whole[key], resumed[key], atol=1e-6), key


def test_another_training_in_the_same_folder_is_refused(model_folder, both_sets, tmp_path):
    train(training(model_folder, tmp_path / "arm", {"sft": both_sets["sft"]}), lambda _: None)
    other = TrainingSettings(max_length=128, batch_size=2, accumulate=1, seed=5)
    with pytest.raises(RecipeError, match="another --out"):
        train(training(model_folder, tmp_path / "arm", {"sft": both_sets["sft"]}, other), lambda _: None)
    (tmp_path / "full/sft").mkdir(parents=True)
    (tmp_path / "full/sft/notes.txt").write_text("mine")
    with pytest.raises(RecipeError, match="holds other files"):
        train(training(model_folder, tmp_path / "full", {"sft": both_sets["sft"]}), lambda _: None)


def test_the_plan_says_the_cost_and_trains_nothing(model_folder, both_sets, tmp_path):
    said = []
    train(training(model_folder, tmp_path / "arm", both_sets, only_plan=True, price_per_hour=2.0), said.append)
    assert not (tmp_path / "arm").exists()
    told = "\n".join(said)
    assert "12 rows of sft" in told and "24 rows of kto" in told and "at 2 an hour" in told and "weights are trained" in told


def test_the_same_seed_gives_the_same_weights_and_another_gives_others(model_folder, both_sets, tmp_path):
    weights = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        settings = TrainingSettings(max_length=128, batch_size=2, accumulate=1, seed=seed)
        train(training(model_folder, tmp_path / name, {"sft": both_sets["sft"]}, settings), lambda _: None)
        weights.append(load_file(tmp_path / name / "sft/adapter_model.safetensors"))
    assert all(torch.equal(weights[0][key], weights[1][key]) for key in weights[0])
    assert any(not torch.equal(weights[0][key], weights[2][key]) for key in weights[0])


def test_what_cannot_be_trained_on_is_refused_with_the_reason(model_folder, both_sets, tmp_path):
    one_label = sets.write_set(tmp_path / "one-label", "kto", [row for row in sets.rows(8) if row["label"]])
    with pytest.raises(RecipeError, match="one label alone"):
        train(training(model_folder, tmp_path / "a", {"kto": one_label}), lambda _: None)
    with pytest.raises(RecipeError, match="--batch-size"):
        train(
            training(model_folder, tmp_path / "b", {"kto": both_sets["kto"]}, TrainingSettings(max_length=128, batch_size=1)),
            lambda _: None,
        )
    with pytest.raises(RecipeError, match="no row fits into 8 tokens"):
        train(training(model_folder, tmp_path / "c", {"sft": both_sets["sft"]}, TrainingSettings(max_length=8)), lambda _: None)
    empty = sets.write_set(tmp_path / "empty", "sft", [])
    with pytest.raises(RecipeError, match="has no rows"):
        train(training(model_folder, tmp_path / "d", {"sft": empty}), lambda _: None)
    missing = Training(ModelSource(str(tmp_path / "nowhere")), [Stage("sft", read_split(both_sets["sft"]))], SETTINGS, tmp_path / "e")
    with pytest.raises(RecipeError, match="cannot be loaded"):
        train(missing, lambda _: None)


def test_guard_rails_warn_of_what_the_export_counted(model_folder, tmp_path):
    folder = sets.write_set(tmp_path / "set", "sft", sets.rows(8))
    metadata = json.loads((folder / "rejoinder.json").read_text())
    metadata["checks"]["desirable"] |= {"refusals": 2, "jailbreaks": 1, "flagged": 3, "median_answer_chars": 400}
    metadata["checks"]["undesirable"] |= {"rows": 5, "median_answer_chars": 100}
    (folder / "rejoinder.json").write_text(json.dumps(metadata))
    said = []
    train(training(model_folder, tmp_path / "arm", {"sft": folder}, only_plan=True), said.append)
    told = "\n".join(said)
    for expected in (
        "decline what was asked; export with --no-refusals",
        "phrases of jailbreaks",
        "toxic or flagged",
        "praised answers are longer",
        "rows are few",
    ):
        assert expected in told, (expected, told)


@pytest.mark.skipif(
    "REJOINDER_SMOLLM2" not in os.environ, reason="no GGUF file: set REJOINDER_SMOLLM2 to its path, as .ci/llama-server prints it"
)
def test_the_model_of_a_gguf_file_can_be_trained(both_sets, tmp_path):
    said = []
    train(training(os.environ["REJOINDER_SMOLLM2"], tmp_path / "arm", both_sets, TrainingSettings(max_length=128, epochs=0.1)), said.append)
    assert [stage["steps"] for stage in record.read(tmp_path / "arm/kto")["stages"]] == [1, 1]
    assert record.read(tmp_path / "arm/kto")["base"]["sha256"]
