#!/usr/bin/env python3
"""A judge for checks: an OpenAI-compatible server on 127.0.0.1 whose answers are a function of the request, and which counts.

What a turn is said to be follows from its words alone, by a hash; it is answered as one letter, as letters in a row, or as the
paper's JSON, as `tests/support/server.rs` does. Run as a program, it prints its port and serves until its standard input ends.
`GET /counts` tells what was asked, `GET /requests` how often; `POST /settings` changes how long an answer takes.
"""

import asyncio
import contextlib
import hashlib
import json
import re
import sys
import time
import zlib

LETTERS = "ABCDEF"
PATTERNS = ("UR1", "UR2", "UR3", "UR4", "UR5")
NONE = "No Feedback"
CONSTRAINT = re.compile(r"\[ABCDEF\]\((.*)\[ABCDEF\]\)\{(\d+)\}", re.DOTALL)
MARK = re.compile(r"\n# user \[turn (\d+)\]: ")
END = re.compile(r"\n</dialogue>|\n# |\n\[…\]\n")


class Judge:
    """Answers, and the log of what was asked."""

    def __init__(self):
        self.latency = 0.0
        # Of each request that asks something: the hash of its body, when it came, when its answer was sent (None: never), its key.
        self.log = []
        self.probes = 0

    async def answer(self, method, path, headers, body):
        if method == "GET" and path == "/counts":
            return 200, {"probes": self.probes, "log": self.log}
        if path == "/requests":
            return 200, len(self.log)
        if path == "/settings":
            self.latency = body["latency"]
            return 200, {}
        if method == "GET":
            if path == "/v1/models":
                return 200, {"data": [{"id": "test-model", "owned_by": "vllm"}]}
            return 404, {"error": {"message": "not found"}}
        prompt = body["messages"][0]["content"]
        if is_probe(prompt):
            self.probes += 1
            return 200, completion(body, prompt, *probed(body, prompt))
        entry = [
            hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16],
            time.time(),
            None,
            headers.get("authorization"),
            len(MARK.findall(prompt)) or 1,
        ]
        self.log.append(entry)
        await asyncio.sleep(self.latency)
        answer = completion(body, prompt, *answered(body, prompt))
        entry[2] = time.time()
        return 200, answer


def is_probe(prompt):
    return prompt == "Reply with the digit 7 and nothing else." or prompt.startswith("Choose one of A, B, C, D, E, F.")


def letters_wanted(body):
    """How many letters a constraint asks for, and what stands between them."""
    regex = (body.get("structured_outputs") or {}).get("regex")
    if regex is None:
        return None
    if regex == "(A|B|C|D|E|F)":
        return 1, ""
    separator, more = CONSTRAINT.fullmatch(regex).groups()
    return int(more) + 1, separator.replace("\\n", "\n")


def probed(body, prompt):
    """The tokens that answer a probe."""
    wanted = letters_wanted(body)
    if wanted:
        return (in_a_row(["A"] * wanted[0], wanted[1]),)
    if "choice" in (body.get("structured_outputs") or {}):
        return ([labelled("A")],)
    return ([("7", {}) if body.get("response_format") is None else (json.dumps({"tree": "maple"}), {})],)


def answered(body, prompt):
    """The tokens that answer a request about turns."""
    marked = [(int(mark[1]), message(prompt[mark.end():])) for mark in MARK.finditer(prompt)]
    start = prompt.rfind("\n# user: ")
    turns = [text for _, text in marked] or [message(prompt[start + len("\n# user: "):] if start >= 0 else prompt)]
    wanted = letters_wanted(body)
    if wanted:
        assert wanted[0] == len(turns), (wanted, len(turns))
        return (in_a_row([letter(prompt, pattern(turn)) for turn in turns], wanted[1]),)
    if "choice" in (body.get("structured_outputs") or {}):
        return ([labelled(letter(prompt, pattern(turns[0])))],)
    if marked:
        answers = [{"Turn": number, **paper(turn)} for number, turn in marked]
        return ([(json.dumps({"Answers": answers}), {})],)
    return ([(json.dumps(paper(turns[0])), {})],)


def message(text):
    """The message at the start of a text."""
    end = END.search(text)
    return text[: end.start() if end else None].strip()


def pattern(turn):
    """What a turn is, by the rule of this server: one in two is no feedback."""
    number = zlib.crc32(turn.strip().encode()) % (2 * len(PATTERNS))
    return PATTERNS[number] if number < len(PATTERNS) else NONE


def letter(prompt, pattern):
    """The letter that stands for a pattern in a prompt."""
    for line in prompt.splitlines():
        stands = f"({pattern})" in line or line[4:].lower().startswith(pattern.lower())
        if line[1:4] == " = " and stands:
            return line[0]
    raise ValueError(f"no letter stands for {pattern}")


def paper(turn):
    """An answer in the paper's form."""
    found = pattern(turn)
    return {"User Response Pattern": found, "User Response Text": "" if found == NONE else turn.split("\n")[0]}


def labelled(own):
    """A letter as a token, with all six among its alternatives."""
    return own, {label: -0.1 if label == own else -4.0 for label in LETTERS}


def in_a_row(letters, separator):
    """Letters, each a token of its own, and each separator a token of its own."""
    tokens = []
    for place, own in enumerate(letters):
        tokens += [(separator, {separator: -0.01})] if place and separator else []
        tokens.append(labelled(own))
    return tokens


def completion(body, prompt, tokens):
    """A chat completion of tokens with their alternatives."""
    content = "".join(token for token, _ in tokens)
    told = [
        {
            "token": token,
            "logprob": alternatives.get(token, -0.01),
            "top_logprobs": [{"token": other, "logprob": logprob} for other, logprob in alternatives.items()],
        }
        for token, alternatives in tokens
    ]
    usage = {"prompt_tokens": len(prompt) // 4, "completion_tokens": len(tokens)}
    if is_probe(prompt):
        usage["prompt_tokens_details"] = {"cached_tokens": 4}
    return {
        "id": "x",
        "object": "chat.completion",
        "model": body["model"],
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content},
                "finish_reason": "stop",
                "logprobs": {"content": told} if body.get("logprobs") else None,
            }
        ],
        "usage": usage,
    }


async def serve():
    judge = Judge()

    async def connected(reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while line := await reader.readline():
                method, path, _ = line.decode().split(" ", 2)
                headers = {}
                while (header := (await reader.readline()).decode().strip()) != "":
                    name, value = header.split(":", 1)
                    headers[name.lower()] = value.strip()
                given = await reader.readexactly(int(headers.get("content-length", 0)))
                status, answer = await judge.answer(method, path, headers, json.loads(given or b"{}"))
                sent = json.dumps(answer).encode()
                writer.write(b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n\r\n" % (status, len(sent)) + sent)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())
