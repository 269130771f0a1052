#!/usr/bin/env python3
"""Two steps of TRL's SFT, KTO and DPO trainers on the exports, with a tiny random model on the CPU: `train_exports.py [REJOINDER]`.

Needs `pip install torch trl` (gigabytes), so it is no part of CI. Nothing is fetched: tokenizer and weights are made here.
"""

import os
import tempfile
import time

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_CACHE=tempfile.mkdtemp(), TOKENIZERS_PARALLELISM="false", CUDA_VISIBLE_DEVICES="")

import datasets  # noqa: E402
import tokenizers  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
import trl  # noqa: E402

from exports import EXPORT, Run, binary  # noqa: E402

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}{% for call in m['tool_calls'] %}<tool_call>"
    "{{ call['function'] | tojson }}</tool_call>{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tokenizer():
    """One token a byte."""
    alphabet = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    model = tokenizers.models.BPE(vocab={letter: i for i, letter in enumerate(alphabet)}, merges=[])
    made = tokenizers.Tokenizer(model)
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = tokenizers.decoders.ByteLevel()
    made.add_special_tokens(["<|im_start|>", "<|im_end|>", "<pad>"])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, eos_token="<|im_end|>", pad_token="<pad>", chat_template=TEMPLATE
    )


def model(size: int):
    torch.manual_seed(1)
    config = transformers.MixtralConfig(
        vocab_size=size, hidden_size=32, intermediate_size=32, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, num_local_experts=2, max_position_embeddings=1024,
    )
    folder = tempfile.mkdtemp()
    transformers.MixtralForCausalLM(config).save_pretrained(folder)
    # The trainers read the reference model once more from where the model came from.
    return transformers.MixtralForCausalLM.from_pretrained(folder)


TRAINERS = {
    "sft": (trl.SFTTrainer, trl.SFTConfig, {}),
    "kto": (trl.KTOTrainer, trl.KTOConfig, {}),
    "pairs": (trl.DPOTrainer, trl.DPOConfig, {}),
}


def main():
    train(Run(binary()), "")
    train(Run(binary(), EXPORT / "tools.jsonl", rules=True), ", some with tools")


def train(run: Run, what: str):
    made = tokenizer()
    for task, (trainer, config, more) in TRAINERS.items():
        rows = datasets.load_dataset("json", data_files=str(run.export(task, f"{task}.jsonl")), split="train")
        if what:
            written = made.apply_chat_template(rows[0]["prompt"], tokenize=False)
            assert '<tool_call>{"name": ' in written and "null" not in written.replace('"zip": null', ""), written
        begun = time.monotonic()
        args = config(
            output_dir=tempfile.mkdtemp(), max_steps=2, per_device_train_batch_size=2, use_cpu=True, report_to=[],
            save_strategy="no", logging_steps=1, max_length=512, bf16=False, **more,
        )
        trained = trainer(model=model(len(made)), args=args, train_dataset=rows, processing_class=made)
        loss = trained.train().training_loss
        assert loss == loss and loss > 0, loss
        assert trained.state.global_step == 2
        print(f"ok  {task}: {len(rows)} rows{what}, 2 steps, loss {loss:.3f}, {time.monotonic() - begun:.1f} s")


main()
