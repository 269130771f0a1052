#!/usr/bin/env python3
"""Writes a tiny GGUF model of Mixtral's architecture with random weights: `make_tiny_mixtral.py OUT.gguf`.

It lets a real llama.cpp server answer real requests in milliseconds. The weights are random, so it shows transport
(requests, schema, token counts, errors) and never quality. Needs `pip install gguf numpy`.

Embedding dimension 0 is a constant that the layers neither read nor write, so column 0 of the output matrix is a bias
for each token: control bytes are avoided and quotes and braces preferred, which gives short valid JSON under a grammar.
The other dimensions depend on the whole prompt, and the output matrix weighs them most for the letters of LABELS: which
of them is the likeliest, and by how much, differs from prompt to prompt.
"""

import sys

import gguf
import numpy as np

EMBEDDING, LAYERS, HEADS, KV_HEADS, FEED_FORWARD, EXPERTS, CONTEXT = 64, 2, 4, 2, 128, 8, 16384
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token }}"
    "{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}"
)
# The constant in dimension 0, beside the others' spread of 1.
CONSTANT = 32.0
LABELS = "ABCDEF"
BIAS = {'"': 1.3, "}": 1.0, "]": 1.0, ",": 0.7, ":": 0.5, "{": 0.3, "[": 0.3, "</s>": 1.5, "\u2581": -0.5}


def vocabulary():
    """Tokens, scores and types: three special ones, all bytes, and printable ASCII."""
    kind = gguf.TokenType
    rows = [("<unk>", 0.0, kind.UNKNOWN), ("<s>", 0.0, kind.CONTROL), ("</s>", 0.0, kind.CONTROL)]
    rows += [(f"<0x{byte:02X}>", 0.0, kind.BYTE) for byte in range(256)]
    rows += [("\u2581", -1.0, kind.NORMAL)]
    rows += [(chr(code), -2.0, kind.NORMAL) for code in range(33, 127)]
    return rows


def main(path):
    rng = np.random.default_rng(7)
    rows = vocabulary()
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny-random-mixtral")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(EMBEDDING)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(EMBEDDING // HEADS)
    writer.add_rope_freq_base(1e6)
    writer.add_expert_count(EXPERTS)
    writer.add_expert_used_count(2)
    writer.add_vocab_size(len(rows))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([token.encode() for token, _, _ in rows])
    writer.add_token_scores([score for _, score, _ in rows])
    writer.add_token_types([int(kind) for _, _, kind in rows])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)

    def random(*shape, spread):
        return (rng.standard_normal(shape) * spread).astype(np.float32)

    def norm():
        """Hides dimension 0 and undoes what it does to the others' size."""
        weight = np.full(EMBEDDING, np.sqrt(1 + CONSTANT**2 / EMBEDDING), np.float32)
        weight[0] = 0.0
        return weight

    embedding = random(len(rows), EMBEDDING, spread=1.0)
    embedding[:, 0] = CONSTANT
    head = random(len(rows), EMBEDDING, spread=0.02)
    for index, (token, _, _) in enumerate(rows):
        usual = -3.0 if token.startswith("<0x") else (-0.5 if token.isalnum() else -1.0)
        if token in LABELS:
            head[index] *= 5.0
            usual = 0.9
        head[index, 0] = BIAS.get(token, usual)
    width = EMBEDDING // HEADS
    writer.add_tensor("token_embd.weight", embedding)
    writer.add_tensor("output_norm.weight", np.ones(EMBEDDING, np.float32))
    writer.add_tensor("output.weight", head)
    for layer in range(LAYERS):
        name = f"blk.{layer}."
        # Queries and keys are large, so that a position attends to few others and not to the average of all.
        attention = random(EMBEDDING, HEADS * width, spread=0.5)
        down = random(EXPERTS, EMBEDDING, FEED_FORWARD, spread=0.1)
        attention[0] = 0.0
        down[:, 0] = 0.0
        writer.add_tensor(name + "attn_norm.weight", norm())
        writer.add_tensor(name + "ffn_norm.weight", norm())
        writer.add_tensor(name + "attn_q.weight", random(HEADS * width, EMBEDDING, spread=0.35))
        writer.add_tensor(name + "attn_k.weight", random(KV_HEADS * width, EMBEDDING, spread=0.35))
        writer.add_tensor(name + "attn_v.weight", random(KV_HEADS * width, EMBEDDING, spread=0.2))
        writer.add_tensor(name + "attn_output.weight", attention)
        writer.add_tensor(name + "ffn_gate_inp.weight", random(EXPERTS, EMBEDDING, spread=0.2))
        writer.add_tensor(name + "ffn_gate_exps.weight", random(EXPERTS, FEED_FORWARD, EMBEDDING, spread=0.1))
        writer.add_tensor(name + "ffn_up_exps.weight", random(EXPERTS, FEED_FORWARD, EMBEDDING, spread=0.1))
        writer.add_tensor(name + "ffn_down_exps.weight", down)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main(sys.argv[1])
