#!/usr/bin/env python3
"""Writes a tiny GGUF model of Mixtral's architecture with random weights: `make_tiny_mixtral.py OUT.gguf`.

It lets a real llama.cpp server answer real requests in milliseconds. The weights are random, so it shows transport
(requests, schema, token counts, errors) and never quality. Needs `pip install gguf numpy`.

Embedding dimension 0 is a constant, so column 0 of the output matrix is a bias for each token: control bytes are
avoided and quotes and braces preferred, which gives short valid JSON under a grammar.
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
BIAS = {'"': 0.6, "}": 0.7, "]": 0.7, ",": 0.5, ":": 0.5, "{": 0.3, "[": 0.3, "</s>": 0.8, "\u2581": -0.5}


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

    def random(*shape):
        return (rng.standard_normal(shape) * 0.05).astype(np.float32)

    def ones(*shape):
        return np.ones(shape, np.float32)

    embedding = random(len(rows), EMBEDDING)
    embedding[:, 0] = 2.0
    head = random(len(rows), EMBEDDING)
    for index, (token, _, _) in enumerate(rows):
        usual = -3.0 if token.startswith("<0x") else (0.2 if token.isalnum() else -0.2)
        head[index, 0] = BIAS.get(token, usual)
    width = EMBEDDING // HEADS
    writer.add_tensor("token_embd.weight", embedding)
    writer.add_tensor("output_norm.weight", ones(EMBEDDING))
    writer.add_tensor("output.weight", head)
    for layer in range(LAYERS):
        name = f"blk.{layer}."
        writer.add_tensor(name + "attn_norm.weight", ones(EMBEDDING))
        writer.add_tensor(name + "ffn_norm.weight", ones(EMBEDDING))
        writer.add_tensor(name + "attn_q.weight", random(HEADS * width, EMBEDDING))
        writer.add_tensor(name + "attn_k.weight", random(KV_HEADS * width, EMBEDDING))
        writer.add_tensor(name + "attn_v.weight", random(KV_HEADS * width, EMBEDDING))
        writer.add_tensor(name + "attn_output.weight", random(EMBEDDING, HEADS * width))
        writer.add_tensor(name + "ffn_gate_inp.weight", random(EXPERTS, EMBEDDING))
        writer.add_tensor(name + "ffn_gate_exps.weight", random(EXPERTS, FEED_FORWARD, EMBEDDING))
        writer.add_tensor(name + "ffn_up_exps.weight", random(EXPERTS, FEED_FORWARD, EMBEDDING))
        writer.add_tensor(name + "ffn_down_exps.weight", random(EXPERTS, EMBEDDING, FEED_FORWARD))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main(sys.argv[1])
