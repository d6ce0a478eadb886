"""`jac` without its start: one process imports what every command imports and reads the table, and each command is a
copy of it.

A session is typed into a shell as before, and each command runs in a process of its own with its own directory,
environment and streams. What a start is like is tested in `test_start`; that both ways show the same, in
`test_terminal`.

    python -P -m tests.prefork SOCKET        serve, until nobody has the other end of standard input any more
    python -I -S prefork.py SOCKET ARGS      ask for one command; its exit status is that of the command
"""

from __future__ import annotations

import array
import io
import os
import socket
import sys
from typing import NoReturn

_PRELOADED = (
    "autograd",
    "jacobian_cli.api.chain.proof",
    "jacobian_cli.api.derive.proof",
    "jacobian_cli.cli.run",
    "jacobian_cli.cli.show.derive",
    "numpy",
    "sympy",
)
_ASKED_BEFORE = (
    ("derive", "u.T@sigmoid(W@x + b)", "--wrt", "W,x"),
    ("chain", "z = W@x", "s = sum(tanh(z))", "--wrt", "W"),
    ("backprop", "x*softmax(y)", "--at", "x=1,y=[1,2]"),
)
"""Commands that have the rows of the table read which most others need."""
_STREAMS = 3
_END = b"\0\0"


def ask(address: str, arguments: list[str]) -> int:
    """Have a command run there as if it were run here."""
    with socket.socket(socket.AF_UNIX) as there:
        there.connect(address)
        environment = [f"{name}={value}" for name, value in os.environ.items()]
        words = [os.getcwd(), str(len(arguments)), *arguments, *environment]  # noqa: PTH109 - pathlib takes long to load
        there.sendmsg([b"."], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", range(_STREAMS)))])
        there.sendall(b"\0".join(os.fsencode(word) for word in words) + _END)
        status = there.recv(1)
    return status[0] if status else 70


def serve(address: str) -> None:
    """Run what is asked for, each in a copy of this process."""
    for name in _PRELOADED:
        __import__(name)
    _warm()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen(64)
        sys.stdout.write("ready\n")
        if os.fork() == 0:  # whoever started this holds the other end of our input
            sys.stdin.read()
            os.kill(os.getppid(), 15)
            os._exit(0)
        while True:
            asking, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _answer(asking)
            asking.close()
            try:  # those that have ended since
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            except ChildProcessError:
                pass


def _warm() -> None:
    import gc  # noqa: PLC0415 - who asks has nothing to import
    from contextlib import redirect_stdout, suppress  # noqa: PLC0415 - who asks has nothing to import

    from jacobian_cli.cli.run import run  # noqa: PLC0415 - who asks has nothing to import

    for command in _ASKED_BEFORE:
        with redirect_stdout(io.StringIO()), suppress(SystemExit):
            run(list(command))
    gc.collect()
    gc.freeze()  # what all copies share is no garbage of any


def _answer(asking: socket.socket) -> NoReturn:
    _, given, _, _ = asking.recvmsg(1, socket.CMSG_SPACE(_STREAMS * array.array("i").itemsize))
    streams = array.array("i")
    streams.frombytes(given[0][2])
    said = b""
    while not said.endswith(_END):
        said += asking.recv(1 << 16)
    directory, count, *rest = map(os.fsdecode, said.removesuffix(_END).split(b"\0"))
    child = os.fork()
    if child:
        asking.sendall(bytes([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) % 256]))
        os._exit(0)
    asking.close()
    for stream, ours in enumerate(streams):
        os.dup2(ours, stream)
        os.close(ours)
    os.chdir(directory)
    os.environ.clear()
    os.environ.update({name: value for name, _, value in (word.partition("=") for word in rest[int(count) :])})
    sys.stdin, sys.stdout, sys.stderr = (_opened(stream) for stream in range(_STREAMS))
    sys.argv = ["jac", *rest[: int(count)]]
    _command()


def _opened(stream: int) -> io.TextIOWrapper:
    """A stream as Python opens it at its start, when its text is UTF-8 and it keeps nothing back."""
    errors = "backslashreplace" if stream == 2 else "surrogateescape"
    raw = os.fdopen(stream, "wb" if stream else "rb", 0 if stream else -1, closefd=False)
    return io.TextIOWrapper(raw, "utf-8", errors, write_through=bool(stream))


def _command() -> NoReturn:
    """What `python -m jacobian_cli` does from here on, to its end."""
    from jacobian_cli.__main__ import run  # noqa: PLC0415 - who asks has nothing to import

    status: object = 0
    try:
        run()
    except SystemExit as end:
        status = end.code
        if isinstance(status, str):
            sys.stderr.write(f"{status}\n")
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status if isinstance(status, int) else status is not None)


if __name__ == "__main__":
    if len(sys.argv) == 2 and not sys.flags.isolated:
        serve(sys.argv[1])
    else:
        sys.exit(ask(sys.argv[1], sys.argv[2:]))
