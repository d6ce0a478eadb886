"""The manual page, made of the help of the commands."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

_STATUS = (
    ("0", "the answer is right, or could not be checked and says so"),
    ("1", "a check found a mismatch"),
    ("2", "the input was refused"),
    ("130", "interrupted"),
)


def manual(program: click.Group) -> str:
    """The page in the language of man(7)."""
    return "\n".join(_lines(program)) + "\n"


def _lines(program: click.Group) -> Iterator[str]:
    about, _, examples = (program.help or "").partition("\b\n")
    yield '.TH JAC 1 "" "jac" "User commands"'
    yield from (".SH NAME", f"jac \\- {_text(about.strip())}")
    yield from (".SH SYNOPSIS", r"\fBjac\fR [\fICOMMAND\fR] \fIFORMULA\fR ... [\fIOPTIONS\fR]")
    yield from (".SH EXAMPLES", *_verbatim(examples))
    yield ".SH COMMANDS"
    for name, command in sorted(program.commands.items()):
        context = click.Context(command, info_name=f"jac {name}")
        yield from (f".SS {name}", *_paragraphs(command.help or ""))
        for param in command.get_params(context):
            record = param.get_help_record(context)
            if record is not None and isinstance(param, click.Option):
                yield from (".TP", rf"\fB{_text(record[0])}\fR", _text(record[1]))
        yield from (".PP", *_verbatim((command.epilog or "").removeprefix("\b\n")))
    yield ".SH EXIT STATUS"
    for status, meaning in _STATUS:
        yield from (".TP", status, meaning)


def _paragraphs(text: str) -> Iterator[str]:
    for part in re.split(r"\n\s*\n", text):
        yield from (".PP", _text(" ".join(part.split())))


def _verbatim(text: str) -> Iterator[str]:
    yield from (".nf", *map(_text, text.strip("\n").splitlines()), ".fi")


def _text(text: str) -> str:
    """Words with nothing in them that roff takes for an order."""
    safe = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{safe}" if safe[:1] in ".'" else safe
