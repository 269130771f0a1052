"""The prompt that training sees is the one that inference uses, and long rows are fitted."""

import pytest
import tiny

from rejoinder_recipes.chat import check_template, encode, fit, prompt_ids
from rejoinder_recipes.errors import RecipeError

EXCHANGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "First question"},
    {"role": "assistant", "content": "First answer"},
    {"role": "user", "content": "Second question"},
]
ANSWER = [{"role": "assistant", "content": "Second answer"}]


def text(tokenizer, ids):
    return tokenizer.decode(ids)


def test_the_prompt_of_training_is_the_prompt_of_inference():
    tokenizer = tiny.make_tokenizer()
    encoded = encode(tokenizer, EXCHANGES, ANSWER)
    asked = tokenizer.apply_chat_template(EXCHANGES, add_generation_prompt=True, tokenize=False)
    assert text(tokenizer, encoded.prompt) == asked
    assert text(tokenizer, encoded.completion) == "Second answer<|im_end|>\n"
    assert encoded.prompt == prompt_ids(tokenizer, EXCHANGES)


def test_a_template_that_writes_the_prompt_otherwise_in_training_is_refused():
    thinking = tiny.TEMPLATE.replace("<|im_start|>assistant\n{% endif %}", "<|im_start|>assistant\n<think>{% endif %}")
    with pytest.raises(RecipeError, match="another prompt than inference"):
        encode(tiny.make_tokenizer(thinking), EXCHANGES, ANSWER)


def test_a_template_that_refuses_a_conversation_is_told():
    strict = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system here') }}{% endif %}" + tiny.TEMPLATE
    with pytest.raises(RecipeError, match="no system here"):
        encode(tiny.make_tokenizer(strict), EXCHANGES, ANSWER)


def test_a_model_without_a_template_is_refused():
    tokenizer = tiny.make_tokenizer()
    tokenizer.chat_template = None
    with pytest.raises(RecipeError, match="no chat template"):
        check_template(tokenizer)


def test_the_oldest_exchanges_go_first_and_the_system_message_stays():
    tokenizer = tiny.make_tokenizer()
    row = {"prompt": EXCHANGES, "completion": ANSWER, "conversation_id": "a"}
    whole = fit(tokenizer, row, 1000)
    assert whole.row["prompt"] == EXCHANGES and not whole.is_shortened and not whole.is_cut
    shortened = fit(tokenizer, row, whole.prompt_tokens + whole.completion_tokens - 1)
    assert shortened.row["prompt"] == [EXCHANGES[0], EXCHANGES[3]] and shortened.is_shortened and not shortened.is_cut
    assert shortened.row["conversation_id"] == "a"


def test_a_long_answer_has_half_of_the_room_and_loses_its_end():
    tokenizer = tiny.make_tokenizer()
    row = {"prompt": EXCHANGES, "completion": [{"role": "assistant", "content": "long " * 100}]}
    fitted = fit(tokenizer, row, 160)
    assert fitted.is_cut and fitted.is_shortened
    assert (
        fitted.prompt_tokens == len(prompt_ids(tokenizer, [EXCHANGES[0], EXCHANGES[3]]))
        and fitted.completion_tokens == 160 - fitted.prompt_tokens
    )


@pytest.mark.parametrize("answer, most", [("long " * 100, 60), ("short", 80 - 7)])
def test_the_last_request_alone_may_leave_a_quarter_to_the_answer_or_all_that_it_needs(answer, most):
    tokenizer = tiny.make_tokenizer()
    overhead = len(prompt_ids(tokenizer, [{"role": "user", "content": ""}]))
    completion = [{"role": "assistant", "content": answer}]
    fits = {"prompt": [{"role": "user", "content": "x" * (most - overhead)}], "completion": completion}
    assert fit(tokenizer, fits, 80).prompt_tokens == most
    fits["prompt"] = [{"role": "user", "content": "x" * (most - overhead + 1)}]
    assert fit(tokenizer, fits, 80) is None
