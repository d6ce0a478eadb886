"""The server: who may ask, how much, and what becomes of questions and connections that are no good."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from jacobian_cli.serve import app as application_module
from jacobian_cli.serve.app import COOKIE, MAX_BODY, TABS, application
from jacobian_cli.serve.pool import BusyError, Lane, Pool
from jacobian_cli.serve.run import listening
from jacobian_cli.serve.worker import TABS as ANSWERED
from jacobian_cli.serve.worker import answered
from jacobian_cli.syntax.errors import InputError
from tests.serve.served import SECONDS, Served, served

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served() as found:
        yield found


@pytest.fixture(scope="module")
def key(server: Served) -> str:
    """The cookie, for the token of the printed address."""
    answer = httpx.get(server.address)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    said = answer.headers["set-cookie"]
    assert "HttpOnly" in said
    assert "samesite=strict" in said.lower()
    return answer.cookies[COOKIE]


@pytest.fixture
def client(server: Served, key: str) -> Iterator[httpx.Client]:
    # none of two hundred connections is closed by the client while a thread has it
    many = httpx.Limits(max_connections=200, max_keepalive_connections=200)
    with httpx.Client(base_url=server.home, cookies={COOKIE: key}, timeout=SECONDS, limits=many) as found:
        yield found


def asked(client: httpx.Client, tab: str, **question: Any) -> dict[str, Any]:
    answer = client.post(f"/ask/{tab}", json=question)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_every_tab_is_answered(client: httpx.Client) -> None:
    assert set(TABS) == set(ANSWERED)
    for tab in TABS:
        found = asked(client, tab, text="u.T@sigmoid(W@x + b)", wrt=["W"], claim="outer(u, x)")
        assert found["html"], found
    assert "wrong" in asked(client, "judge", text="x.T@A@x", wrt=["x"], claim="A@x")["html"]


def test_the_token_is_good_once_and_the_key_is_wanted(server: Served, key: str) -> None:
    assert httpx.get(server.address).status_code == 403
    assert httpx.get(server.home).status_code == 403
    assert httpx.get(server.home, cookies={COOKIE: key[:-1]}).status_code == 403
    assert httpx.post(f"{server.home}ask/answer", json={"text": "x"}).status_code == 403
    again = httpx.get(server.address, cookies={COOKIE: key})
    assert (again.status_code, again.headers["location"]) == (303, "/")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost:{port}.evil"]
)
def test_another_host_is_refused(client: httpx.Client, server: Served, host: str) -> None:
    assert client.get("/", headers={"host": host.format(port=server.port)}).status_code == 421


@pytest.mark.parametrize("host", ["localhost:{port}", "127.0.0.1:{port}", "[::1]:{port}", "LOCALHOST:{port}"])
def test_the_names_of_this_machine_are_answered(client: httpx.Client, server: Served, host: str) -> None:
    assert client.get("/", headers={"host": host.format(port=server.port)}).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:1"},
        {"origin": "https://127.0.0.1:{port}"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_another_site_is_refused(client: httpx.Client, server: Served, header: dict[str, str]) -> None:
    said = {name: value.format(port=server.port) for name, value in header.items()}
    assert client.post("/ask/answer", json={"text": "x"}, headers=said).status_code == 403


def test_every_answer_says_what_a_browser_may_do(server: Served, client: httpx.Client) -> None:
    for answer in (*map(client.get, ("/", "/nosuch", "/app.js")), httpx.get(server.home)):
        assert answer.headers["content-security-policy"].startswith("default-src 'self';")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers


def test_only_the_loopback_is_listened_at() -> None:
    found = listening(0)
    try:
        assert {each.getsockname()[0] for each in found} <= {"127.0.0.1", "::1"}
        with pytest.raises(InputError, match="is taken"):
            listening(found[0].getsockname()[1])
    finally:
        for each in found:
            each.close()


def test_a_port_that_is_taken_is_told(server: Served) -> None:
    command = [sys.executable, "-m", "jacobian_cli", "serve", "--port", str(server.port)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=SECONDS)
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, f"jac: port {server.port} is taken")


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"{", 400), (b"[]", 400), (b"\xff", 400), (b"[" * 60_000, 400), (b'"' + b"x" * MAX_BODY + b'"', 413)],
    ids=["empty", "broken", "a list", "bytes", "deep", "long"],
)
def test_a_body_that_is_no_question_is_refused(client: httpx.Client, body: bytes, status: int) -> None:
    assert client.post("/ask/answer", content=body, headers=JSON).status_code == status


def test_a_form_of_another_site_is_no_question(client: httpx.Client) -> None:
    assert (
        client.post("/ask/answer", content=b'{"text": "x"}', headers={"content-type": "text/plain"}).status_code == 415
    )
    assert client.post("/ask/nosuch", json={}).status_code == 404
    assert client.get("/ask/answer").status_code == 405


def test_files_are_out_of_reach(client: httpx.Client, tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text("[1, 2]")
    for question in (
        {"text": "x*y", "at": {"x": str(secret)}},
        {"text": "x*y", "at": {"x": json.dumps(str(secret))}},
        {"text": "x", "source": str(secret)},
        {"text": "x", "plugins": [str(secret)]},
    ):
        assert "errors" in asked(client, "graph", **question)
    for path in ("/../pyproject.toml", "/%2e%2e/pyproject.toml", "/assets/app.js", "//etc/passwd"):
        assert client.get(path).status_code == 404


def test_what_is_typed_comes_back_as_text(client: httpx.Client) -> None:
    for text in (
        "<script>alert(1)</script>",
        "x<img src=y onerror=z>",
        "x\"'",
        "\x00\x1b[2J",
        "\ud800".encode("utf-8", "replace").decode(),
    ):
        for tab in ("answer", "judge"):
            found = asked(
                client, tab, text=text if tab == "answer" else "x.T@x", claim=text, wrt=["x"] * (tab == "judge")
            )
            assert "<script" not in found.get("html", "")
            assert "<img" not in found.get("html", "")


def test_two_hundred_at_once(client: httpx.Client) -> None:
    def one(k: int) -> dict[str, Any]:
        return asked(client, "answer", text=f"W@x*{k % 50}" if k % 4 else f"W@@x{k}")

    with ThreadPoolExecutor(200) as pool:
        found = list(pool.map(one, range(200)))
    assert all(("html" in each) != ("errors" in each) for each in found)
    assert sum("errors" in each for each in found) == 50


def raw(server: Served, *parts: bytes, wait: float = SECONDS) -> bytes:
    """All that comes back for bytes sent as they are."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=wait) as line:
        for part in parts:
            line.sendall(part)
        line.shutdown(socket.SHUT_WR)
        found = b""
        while part := line.recv(1 << 16):
            found += part
    return found


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        b"GET / HTTP/9.9\r\nhost: a\r\n\r\n",
        b"POST /ask/answer HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
        b"POST /ask/answer HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x00" * 1_000,
    ],
)
def test_what_is_no_request_is_refused_and_the_next_is_answered(
    server: Served, client: httpx.Client, sent: bytes
) -> None:
    found = raw(server, sent)
    assert not found or 400 <= int(found.split()[1]) < 500
    assert client.get("/").status_code == 200


def test_who_is_slow_or_leaves_harms_nobody(server: Served, client: httpx.Client, key: str) -> None:
    head = f"POST /ask/check HTTP/1.1\r\nhost: 127.0.0.1:{server.port}\r\ncookie: {COOKIE}={key}\r\n"
    head += "content-type: application/json\r\ncontent-length: 40\r\n\r\n"
    lines = [socket.create_connection(("127.0.0.1", server.port), timeout=SECONDS) for _ in range(60)]
    try:
        for k, line in enumerate(lines):
            if k % 3 == 0:
                line.sendall(head.encode()[:30])  # never says more
            elif k % 3 == 1:
                line.sendall(head.encode() + b'{"text":')  # begins a body
            else:
                line.sendall(head.encode() + b'{"text": "softmax(W@x)*1"}'.ljust(40))
                line.close()  # has gone before the answer
        assert "html" in asked(client, "answer", text="W@x")
        assert "html" in asked(client, "check", text="W@x")
        slow = lines[1]
        assert slow.recv(1 << 16).split()[1] == b"408"
        assert lines[0].recv(1 << 16) == b""  # closed, since nothing was asked
    finally:
        for line in lines:
            line.close()


async def here() -> bool:
    """Who asks is still there."""
    return True


def test_a_question_that_takes_too_long_is_ended_and_the_next_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jacobian_cli.serve.pool.OTHERS", 0.01)

    async def both() -> tuple[dict[str, Any], dict[str, Any]]:
        pool = Pool()
        try:
            ended = await pool.ask("code", {"text": "softmax(W@x)"}, here)
            assert not pool.kept
            return ended, await pool.ask("answer", {"text": "W@x"}, here)
        finally:
            await pool.close()

    ended, after = asyncio.run(both())
    assert "took longer than" in ended["errors"][0]["message"]
    assert "html" in after


def test_a_question_that_takes_too_much_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jacobian_cli.serve.pool.MEGABYTES", 700)
    large = {"text": "sum(exp(c*ones(4000, 4000)))", "shapes": {"c": "()"}, "at": {"c": "0.5"}}
    small = {**large, "text": "sum(exp(c*ones(6, 6)))"}

    async def both() -> list[dict[str, Any]]:
        lane = Lane(1, 4)
        try:
            return [await lane.ask("graph", question, here) for question in (large, small)]
        finally:
            await lane.close()

    refused, after = asyncio.run(both())
    assert "too large" in refused["errors"][0]["message"]
    assert "html" in after


@pytest.mark.parametrize("waiting", [False, True])
def test_a_worker_that_is_gone_is_replaced(waiting: bool) -> None:
    """As one that the system ends because there is no memory left, at work or not."""

    async def both() -> tuple[dict[str, Any] | None, dict[str, Any]]:
        lane, lost = Lane(1, 4), None
        try:
            await lane.warm()
            (worker,) = lane.idle
            question = asyncio.create_task(lane.ask("code", {"text": "softmax(W@x)"}, here)) if waiting else None
            await asyncio.sleep(0.01)
            worker.process.kill()
            await worker.process.wait()
            if question is not None:
                lost = await question
            return lost, await lane.ask("answer", {"text": "W@x"}, here)
        finally:
            await lane.close()

    lost, after = asyncio.run(both())
    assert lost is None or "memory" in lost["errors"][0]["message"]
    assert (lost is not None) == waiting
    assert "html" in after


def test_more_than_may_wait_are_sent_away() -> None:
    async def many() -> list[Any]:
        lane = Lane(1, 2)
        try:
            questions = (lane.ask("answer", {"text": f"W@x*{k}"}, here) for k in range(5))
            return list(await asyncio.gather(*questions, return_exceptions=True))
        finally:
            await lane.close()

    found = asyncio.run(many())
    assert sum(isinstance(each, BusyError) for each in found) == 3
    assert sum(isinstance(each, dict) and "html" in each for each in found) == 2


@pytest.mark.parametrize(
    "text", ["", "W@", "x" * 10_001, "(" * 5_000, "x**" * 2_000 + "x", "def f(x):\n  return", "∂", "a = b\nb = a"]
)
def test_any_text_is_answered_or_refused(text: str) -> None:
    found = answered("answer", {"text": text})
    assert ("html" in found) != ("errors" in found)


def test_the_core_needs_no_server() -> None:
    script = "import sys, jacobian_cli.serve.page, jacobian_cli.serve.worker; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True)
    assert {"starlette", "uvicorn"}.isdisjoint(done.stdout.split())
    assert application_module.application is application
