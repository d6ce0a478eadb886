"""The server itself: an address on the loopback, printed with its key, until Ctrl-C."""

from __future__ import annotations

import asyncio
import errno
import secrets
import socket
import webbrowser
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from jacobian_cli.serve.app import application
from jacobian_cli.syntax.errors import InputError

MOST = 1_000
"""Connections at once."""
_WAITING = 1_024
"""Connections that have not been taken up yet."""
_SILENT = 15.0
"""Seconds after which a connection on which nothing was asked is closed."""


class Patient(H11Protocol):
    """A connection that is closed when its first request does not come."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # told the kind of transport it gets
        """Begin to wait."""
        super().connection_made(transport)
        self._late = self.loop.call_later(_SILENT, self._close_if_silent)

    def _close_if_silent(self) -> None:
        if self.cycle is None:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._late.cancel()
        super().connection_lost(exc)


class Server(uvicorn.Server):
    """A server that says where it is once it listens."""

    def __init__(self, config: uvicorn.Config, began: Callable[[], None]) -> None:
        super().__init__(config)
        self.began = began

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        if self.started:
            self.began()


def serve(port: int, say: Callable[[str], Any], *, open_browser: bool = False) -> None:
    """Serve until Ctrl-C. Port 0 is any that is free. Raises `InputError` for a port that is taken."""
    sockets = listening(port)
    port = sockets[0].getsockname()[1]
    token = secrets.token_urlsafe(16)
    address = f"http://127.0.0.1:{port}/?token={token}"

    def began() -> None:
        say(f"jac serves  {address}\nthe address works once, in one browser; Ctrl-C ends it")
        if open_browser:
            webbrowser.open(address)

    config = uvicorn.Config(
        application(port, token),
        http=Patient,
        loop="asyncio",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=1,
        backlog=_WAITING,
    )
    try:
        Server(config, began).run(sockets)
    finally:
        for each in sockets:
            each.close()


def listening(port: int) -> list[socket.socket]:
    """Sockets on 127.0.0.1 and, where there is one, on ::1, at one port."""
    found = [_bound(socket.AF_INET, "127.0.0.1", port)]
    try:
        found.append(_bound(socket.AF_INET6, "::1", found[0].getsockname()[1]))
    except InputError:
        found[0].close()
        raise
    except OSError:  # this machine has no such address
        pass
    return found


def _bound(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen(_WAITING)
    except PermissionError:
        made.close()
        raise InputError(f"port {port} is not for everybody", hint="take one from 1024 on: --port 8000") from None
    except OSError as error:
        made.close()
        if error.errno == errno.EADDRINUSE:
            raise InputError(f"port {port} is taken", hint="name another one, as in --port 8000") from None
        raise
    made.set_inheritable(False)
    return made
