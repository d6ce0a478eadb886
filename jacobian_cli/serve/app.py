"""The application: who may ask, what for, and what is answered. It serves this machine alone."""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jacobian_cli.serve.page import asset, style
from jacobian_cli.serve.pool import BusyError, GoneError, Pool

TABS = ("answer", "check", "steps", "chain", "graph", "entries", "judge", "code")
MAX_BODY = 64 << 10
PATIENCE = 10.0
"""Seconds in which a body must have come."""
COOKIE = "jac"
_POLICY = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_HEADERS = {
    b"content-security-policy": _POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
}
_NO_KEY = """this page is for who started it

Open the address that jac serve printed in the terminal. It works once; the browser then keeps the key until jac serve
ends. An address with a question behind the # works again after that.
"""


class Guard:
    """Lets through what comes from a page of this server on this machine: the host is a name of the loopback, the
    origin is this server, the key is there. Every answer says what a browser may do with it.
    """

    def __init__(self, app: ASGIApp, port: int, token: str) -> None:
        self.app, self.token, self.session = app, token, secrets.token_urlsafe(32)
        self.used = False
        names = ("localhost", "127.0.0.1", "[::1]")
        self.hosts = {f"{name}:{port}".encode() for name in names}
        if port == 80:
            self.hosts |= {name.encode() for name in names}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = message.get("headers", [])
                message["headers"] = [*own, *((k, v) for k, v in _HEADERS.items() if k not in dict(own))]
            await send(message)

        answer = self.refusal(scope) or self.handed_over(scope)
        await (answer or self.app)(scope, receive, guarded)

    def refusal(self, scope: Scope) -> Response | None:
        """Why this is not let through, whatever it asks for."""
        given: dict[bytes, list[bytes]] = {}
        for key, value in scope["headers"]:
            given.setdefault(key, []).append(value)
        hosts, origins = given.get(b"host", []), given.get(b"origin", [])
        if len(hosts) != 1 or hosts[0].lower() not in self.hosts:
            return _plain("this server answers to the names of this machine only", 421)
        if any(origin.removeprefix(b"http://") != hosts[0].lower() for origin in origins):
            return _plain("another site may not ask", 403)
        followed = scope["method"] == "GET" and scope["path"] == "/"  # a link to the page may stand anywhere
        sites = given.get(b"sec-fetch-site", [])
        if not followed and any(site not in (b"same-origin", b"none") for site in sites):
            return _plain("another site may not ask", 403)
        return None

    def handed_over(self, scope: Scope) -> Response | None:
        """The key for the token of the printed address, which is taken out of it; nothing for who has the key."""
        request = Request(scope)
        if hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), self.session.encode()):
            return RedirectResponse("/", 303) if scope["path"] == "/" and "token" in request.query_params else None
        offered = request.query_params.get("token", "")
        if scope["path"] == "/" and not self.used and hmac.compare_digest(offered.encode(), self.token.encode()):
            self.used = True
            answer = RedirectResponse("/", 303)
            answer.set_cookie(COOKIE, self.session, httponly=True, samesite="strict", path="/")
            return answer
        return _plain(_NO_KEY, 403)


def _plain(text: str, status: int) -> Response:
    return Response(text, status, media_type="text/plain; charset=utf-8")


def application(port: int, token: str, pool: Pool | None = None) -> ASGIApp:
    """The page and its answers, for a server at this port whose printed address holds this token."""
    workers = pool or Pool()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        warming = asyncio.create_task(workers.warm())
        yield
        warming.cancel()
        await asyncio.gather(warming, return_exceptions=True)
        await workers.close()

    async def ask(request: Request) -> Response:
        return await _asked(request, workers)

    routes = [
        Route("/", _file("index.html", "text/html")),
        Route("/page.js", _file("page.js", "text/javascript")),
        Route("/app.js", _file("app.js", "text/javascript")),
        Route("/style.css", _text(style(), "text/css")),
        Route("/icon.svg", _file("icon.svg", "image/svg+xml", {"cache-control": "private, max-age=86400"})),
        Route("/ask/{tab}", ask, methods=["POST"]),
    ]
    return Guard(Starlette(routes=routes, lifespan=lifespan), port, token)


Endpoint = Callable[[Request], Awaitable[Response]]


def _file(name: str, kind: str, headers: Mapping[str, str] | None = None) -> Endpoint:
    return _text(asset(name), kind, headers)


def _text(text: str, kind: str, headers: Mapping[str, str] | None = None) -> Endpoint:
    async def answer(_: Request) -> Response:
        return Response(text, headers=headers, media_type=f"{kind}; charset=utf-8")

    return answer


async def _asked(request: Request, workers: Pool) -> Response:
    """One tab of one question."""
    tab = request.path_params["tab"]
    if tab not in TABS:
        return _plain("there is no such tab", 404)
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        return _plain("a question is JSON", 415)
    try:
        body = await asyncio.wait_for(_body(request), PATIENCE)
    except TimeoutError:
        return _plain("the question took too long to come", 408)
    except ClientDisconnect:
        return Response(status_code=499)
    if body is None:
        return _plain(f"a question has at most {MAX_BODY >> 10} kB", 413)
    try:
        question = json.loads(body)
    except (ValueError, RecursionError):
        return _plain("a question is JSON", 400)
    if not isinstance(question, dict):
        return _plain("a question is an object of JSON", 400)

    async def here() -> bool:
        return not await request.is_disconnected()

    try:
        return JSONResponse(await workers.ask(tab, question, here))
    except BusyError:
        return Response("too many questions are waiting", 503, {"retry-after": "2"}, "text/plain; charset=utf-8")
    except GoneError:
        return Response(status_code=499)


async def _body(request: Request) -> bytes | None:
    """The body, or None for one that is too long: no more of it is read."""
    found = b""
    async for part in request.stream():
        found += part
        if len(found) > MAX_BODY:
            return None
    return found
