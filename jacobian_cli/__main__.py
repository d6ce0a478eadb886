"""`jac`, and `python -m jacobian_cli`."""

from __future__ import annotations

import os
import sys
from signal import SIGINT, default_int_handler, getsignal, signal

from jacobian_cli.cli.status import INTERRUPTED


def run() -> None:
    """Load the program and run it: Ctrl-C ends either, at once and without a traceback."""
    heeded = getsignal(SIGINT) is default_int_handler  # else it is ignored, as under nohup
    if heeded:
        signal(SIGINT, _leave)  # nothing is open yet that would have to be closed
        sys.unraisablehook = _unraisable
    from jacobian_cli.cli.run import run as start

    try:
        if heeded:
            signal(SIGINT, default_int_handler)
        start()
    except KeyboardInterrupt:
        _leave()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _leave()
        raise


def _unraisable(found: sys.UnraisableHookArgs) -> None:
    """Where nothing can be raised, as while memory is given back, Ctrl-C ends the program all the same."""
    if isinstance(found.exc_value, KeyboardInterrupt):
        _leave()
    sys.__unraisablehook__(found)


def _leave(*_: object) -> None:
    """End here: an interpreter that was interrupted may end itself by the signal instead."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    run()
