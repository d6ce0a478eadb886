"""The console script: runs the command, and ends the program in one of four exit statuses."""

from __future__ import annotations

import errno
import gc
import io
import os
import re
import sys
from functools import partial

import click

from jacobian_cli.cli.main import jac
from jacobian_cli.cli.refusals import in_our_voice, refused
from jacobian_cli.cli.status import INTERRUPTED, RIGHT
from jacobian_cli.syntax.errors import InputError


def run(arguments: list[str] | None = None) -> None:
    """The console script: every end of the program is one of four exit statuses."""
    if sys.stdout is None:
        sys.stdout = _Closed()
    gc.disable()  # imports make many objects and no garbage; `answer` turns collection on again
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no ∂ shows a ?
    typed = sys.argv[1:] if arguments is None else arguments
    refuse = partial(refused, as_json="--json" in typed)
    try:
        status = jac.main(args=[_not_an_option(text) for text in typed], prog_name="jac", standalone_mode=False)
    except InputError as error:
        status = refuse(error)
    except click.UsageError as error:
        status = refuse(in_our_voice(error))
    except (click.Abort, KeyboardInterrupt):
        refuse("interrupted")
        status = INTERRUPTED
    except (RecursionError, MemoryError):
        status = refuse("the formula is too large to be worked out here")
    except SystemExit:  # click's own end, where nobody reads on
        status = RIGHT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still buffered goes nowhere
        status = RIGHT
    except OSError as error:
        status = refused(f"the answer could not be written: {error.strerror or error}")
    except Exception as error:  # noqa: BLE001 - whatever a user types, the end is a message and not a traceback
        if isinstance(error.__cause__ or error.__context__, KeyboardInterrupt):  # a library was being loaded
            sys.exit(refuse("interrupted") and INTERRUPTED)
        reason = (str(error).splitlines() or [""])[0][:200]
        status = refuse(f"a fault of jac, not of what you typed; please report it ({type(error).__name__}: {reason})")
    sys.exit(status if isinstance(status, int) else RIGHT)


class _Closed(io.TextIOBase):
    """Standard output where there is none, as behind `>&-`: an answer that goes nowhere is told of."""

    def write(self, text: str, /) -> int:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def _not_an_option(text: str) -> str:
    """A formula that begins with a minus, told apart from options by a blank in front."""
    return f" {text}" if re.match(r"-[^-].*[(@*+\[ ]|-[^-].*\.T|-(?![fhosw])\w+$", text, re.DOTALL) else text
