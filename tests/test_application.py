"""The ASGI application in this process: whatever is sent, an answer in JSON, and no more memory than told."""

import asyncio
import json
import random
import threading

import pytest
import served_models as made

from seqmem.serving.server.app import Application
from seqmem.serving.server.buffers import Buffers, Holding
from seqmem.serving.server.hosts import Hosts, is_loopback
from seqmem.serving.server.limits import Limits
from seqmem.serving.server.versions import VersionManager

HOSTS = Hosts("127.0.0.1")
PREDICT = "/v1/models/rising:predict"
BODY = json.dumps({"instances": [[1.0, 2, 3, 4]]}).encode()
GOOD = [
    {"instances": [[1, 2, 3, 4]] * 2},
    {"instances": [{"closes": [1, 2, 3, 4]}]},
    {"inputs": {"closes": [[1, 2, 3, 4]]}},
    {"signature_name": "step", "instances": [{"close": 1, "state": [0, 0]}]},
    {"signature_name": "step", "inputs": {"close": [1], "state": [[0, 0]]}},
    {"signature_name": "describe", "instances": ["x"]},
    {"inputs": {"high": [[2, 2]], "low": [[1, 1]], "close": [[1, 2]]}},
]
SEEDS = 2000


@pytest.fixture(scope="module")
def manager(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    made.put(root, "rising", 1)
    made.put_variances(root, "swinging")
    manager = VersionManager(root)
    manager.poll()
    yield manager
    manager.close()


async def _call(app, path, chunks, headers=made.JSON, method="POST"):
    """One request: its body in chunks, each of which may be awaited; then the client waits."""
    sent, waiting = [], list(chunks)

    async def receive():
        if not waiting:
            await asyncio.sleep(60)
        chunk = waiting.pop(0)
        if callable(chunk):
            await chunk()
            chunk = b""
        return {"type": "http.request", "body": chunk, "more_body": bool(waiting)}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode("latin-1", "replace"),
        "query_string": b"",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        "seqmem.abort": lambda: sent.append("aborted"),
    }
    await app.asgi(scope, receive, send)
    return sent[0]["status"], b"".join(each.get("body", b"") for each in sent[1:] if each != "aborted")


def _ask(app, *args, **more):
    return asyncio.run(_call(app, *args, **more))


def _mutate(draw):
    """A body of ours with some of it changed: bytes, or the values of its JSON."""
    values = [None, True, -1, 1e39, 10**30, "x", [], {}, [[]], float("nan"), {"b64": "?"}, [[1], [2, 3]]]
    body = json.loads(json.dumps(draw.choice(GOOD)))
    for _ in range(draw.randrange(3)):
        home = body
        while True:
            keys = list(home) if isinstance(home, dict) else list(range(len(home)))
            if not keys:
                break
            key = draw.choice(keys)
            if not isinstance(home[key], dict | list) or draw.random() < 0.3:
                home[key] = draw.choice(values)
                break
            home[key] = json.loads(json.dumps(home[key]))
            home = home[key]
    text = json.dumps(body).encode()
    if draw.random() < 0.4:
        start = draw.randrange(len(text))
        text = text[:start] + draw.randbytes(draw.randrange(4)) + text[start + draw.randrange(4) :]
    return text


def test_whatever_is_sent_is_answered_in_json(manager):
    """Two thousand bodies: none is the server's fault, and every error has words."""
    app = Application(manager, Limits(threads=1), HOSTS)

    async def all_of_them():
        found = []
        for seed in range(SEEDS):
            draw = random.Random(seed)
            path = PREDICT if draw.random() < 0.7 else "/v1/models/swinging:predict"
            found.append(await _call(app, path, [_mutate(draw)]))
        return found

    counts = dict.fromkeys((200, 400), 0)
    for status, body in asyncio.run(all_of_them()):
        counts[status] += 1
        answer = json.loads(body)
        assert set(answer) <= ({"predictions", "outputs"} if status == 200 else {"error"})
        assert status == 200 or 0 < len(answer["error"]) < 500
    assert min(counts.values()) > SEEDS // 20
    app.close()


def test_another_type_of_content_is_taken_where_it_is_told_to(manager):
    for lenient, status in ((False, 415), (True, 200)):
        app = Application(manager, Limits(), HOSTS, lenient=lenient)
        assert _ask(app, PREDICT, [BODY], headers={"content-type": "text/plain"})[0] == status
        app.close()


def test_the_largest_unfinished_body_goes_first(manager):
    """Honest requests are answered while a greedy one is sent away, and hold no more than they may."""
    app = Application(manager, Limits(max_held_bytes=10_000), HOSTS)

    async def ask():
        never = asyncio.Event()
        greedy = [asyncio.create_task(_call(app, PREDICT, [b" " * n, never.wait])) for n in (6000, 3900)]
        await asyncio.sleep(0)
        honest = await _call(app, PREDICT, [BODY[:5], BODY[5:] + b" " * 200])
        first = await asyncio.wait_for(greedy[0], 10)
        assert not greedy[1].done()
        greedy[1].cancel()
        return honest, first

    (status, _), (refused, words) = asyncio.run(ask())
    assert (status, refused) == (200, 429)
    assert b"--max-held-bytes" in words
    assert app._buffers._total == 0
    app.close()


def test_buffers_hold_what_they_were_told():
    buffers, gone = Buffers(100), []
    holdings = [Holding(lambda n=n: gone.append(n)) for n in range(3)]
    for holding, size in zip(holdings, (40, 50, 10), strict=True):
        buffers.grow(holding, size)
    assert gone == []
    buffers.grow(holdings[2], 1)
    assert gone == [1]
    assert holdings[1].given_up
    buffers.grow(holdings[0], 49)  # 100 in all
    buffers.release(holdings[0])
    buffers.grow(holdings[2], 89)
    assert gone == [1]
    buffers.grow(holdings[2], 1)
    assert gone == [1, 2]
    assert buffers._total == 0


def test_work_is_not_begun_for_a_client_that_has_gone(manager):
    """One thread, held by another: the request that waits is dropped, and its place is free."""
    app, let_go = Application(manager, Limits(threads=1, concurrency=2), HOSTS), threading.Event()
    app._threads.submit(let_go.wait, 30)
    begun = []
    predict = app._predict
    app._predict = lambda *args: begun.append(1) or predict(*args)

    async def ask():
        sent, messages = [], [{"type": "http.request", "body": BODY, "more_body": False}]

        async def receive():
            if messages:
                return messages.pop()
            await asyncio.sleep(0.05)
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        headers = [(b"content-type", b"application/json")]
        scope = {"type": "http", "method": "POST", "path": PREDICT, "raw_path": PREDICT.encode()}
        await app.asgi(scope | {"query_string": b"", "headers": headers}, receive, send)
        await asyncio.sleep(0)
        assert app._held == 0
        let_go.set()
        return await _call(app, PREDICT, [BODY])

    assert asyncio.run(ask())[0] == 200
    assert len(begun) == 1
    app.close()


def test_a_loopback_is_this_machine_alone():
    names = ("127.0.0.1", "::1", "localhost", "0.0.0.0", "::", "10.0.0.1", "example")
    assert [is_loopback(name) for name in names] == [True] * 3 + [False] * 4
    assert Hosts("0.0.0.0", ["*"]).allows("evil.example")
    assert not HOSTS.allows("")
    assert not HOSTS.allows("127.0.0.1.evil.example")
    assert not HOSTS.allows("[evil.example]")
    assert HOSTS.allows("LOCALHOST.:80")
