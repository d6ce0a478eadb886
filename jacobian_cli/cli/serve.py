"""`jac serve`: the page with one text box."""

from __future__ import annotations

import click

from jacobian_cli.syntax.errors import InputError


def answer(port: int, *, open_browser: bool) -> int:
    """Serve until Ctrl-C. Raises `InputError` where the extra is not installed, and for a port that is taken."""
    try:
        from jacobian_cli.serve.run import serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("starlette", "uvicorn"):
            raise
        raise InputError(f"{error.name} is not installed", hint="pip install 'jacobian-cli[serve]'") from None
    try:
        serve(port, click.echo, open_browser=open_browser)
    except KeyboardInterrupt:
        click.echo("")  # the terminal shows ^C
    return 0
