"""Log-probabilities and divergence against figures worked out by hand, and against the model token by token."""

import math

import pytest
import sets
import torch
import transformers

from rejoinder_recipes.batching import batches, padded
from rejoinder_recipes.chat import Encoded, encode
from rejoinder_recipes.comparison.measuring.likelihood import answer_log_probabilities, divergence, measure
from rejoinder_recipes.training.settings import TrainingSettings
from rejoinder_recipes.training.trainers import with_lora


def test_the_log_probability_of_a_hand_computed_answer():
    # Vocabulary of two. After token 0 the odds are 3 : 1 for token 0, after the second token even, after the third 1 : 3.
    logits = torch.tensor([[[math.log(3.0), 0.0], [0.0, 0.0], [0.0, math.log(3.0)], [9.0, 9.0]]])
    tokens = torch.tensor([[0, 0, 1, 1]])
    is_answer = torch.tensor([[0, 0, 1, 1]])
    # The answer is the last two tokens: one half by the logits at the second place, three quarters by those at the third.
    assert answer_log_probabilities(logits, tokens, is_answer).tolist() == pytest.approx([math.log(1 / 2) + math.log(3 / 4)])


def test_the_divergence_of_hand_computed_places():
    ours = torch.tensor([[[math.log(3.0), 0.0], [0.0, 0.0], [5.0, 5.0]]])
    theirs = torch.tensor([[[0.0, 0.0], [0.0, 0.0], [1.0, 5.0]]])
    is_answer = torch.tensor([[0, 1, 1]])
    first = 0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5)
    assert divergence(ours, theirs, is_answer).tolist() == pytest.approx([first / 2])


def test_batches_hold_every_row_once_and_begin_with_the_longest():
    encoded = [Encoded([0] * length, [1]) for length in (3, 9, 1, 5, 7)]
    assert list(batches(encoded, 2)) == [[1, 4], [3, 0], [2]]


def test_padding_leaves_the_figures_as_they_are(model_folder):
    model, same = (transformers.AutoModelForCausalLM.from_pretrained(model_folder).eval() for _ in range(2))
    tokenizer = transformers.AutoTokenizer.from_pretrained(model_folder)
    rows = [sets.row("a", "short"), sets.row("b", "a much longer answer than the other", False)]
    encoded = [encode(tokenizer, row["prompt"], row["completion"]) for row in rows]
    together = measure(model, same, encoded, rows, 2)
    for row, one, found in zip(rows, encoded, together, strict=True):
        tokens = one.prompt + one.completion
        with torch.inference_mode():
            scores = torch.log_softmax(model(torch.tensor([tokens])).logits[0].float(), -1)
        by_token = sum(scores[place - 1, tokens[place]].item() for place in range(len(one.prompt), len(tokens)))
        assert found.before == pytest.approx(by_token, abs=1e-3) and found.after == pytest.approx(by_token, abs=1e-3)
        assert (found.tokens, found.praised, found.conversation_id) == (len(one.completion), row["label"], row["conversation_id"])
        assert found.kl == pytest.approx(0, abs=1e-6)


def test_lora_weights_are_off_where_the_pretrained_model_speaks(model_folder):
    model = with_lora(transformers.AutoModelForCausalLM.from_pretrained(model_folder), TrainingSettings()).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(model_folder)
    row = sets.row("a", "an answer")
    encoded = [encode(tokenizer, row["prompt"], row["completion"])]
    fresh = measure(model, model, encoded, [row], 1)[0]
    assert fresh.before == pytest.approx(fresh.after)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                weight.normal_(std=0.2)
    moved = measure(model, model, encoded, [row], 1)[0]
    assert moved.before == pytest.approx(fresh.before) and moved.after != pytest.approx(fresh.after) and moved.kl > 0


def test_rows_of_unequal_length_are_padded_at_their_ends():
    tokens, attention, is_answer = padded([Encoded([5, 6], [7]), Encoded([8], [9, 10, 11])], "cpu")
    assert tokens.tolist() == [[5, 6, 7, 0], [8, 9, 10, 11]]
    assert attention.tolist() == [[1, 1, 1, 0], [1, 1, 1, 1]]
    assert is_answer.tolist() == [[0, 0, 1, 0], [0, 1, 1, 1]]
