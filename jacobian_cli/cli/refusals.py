"""What is refused, said in one voice, whoever found it."""

from __future__ import annotations

from typing import Any

import click

from jacobian_cli.cli.status import REFUSED
from jacobian_cli.syntax.errors import InputError


def print_json(found: object) -> None:
    """An object as people and programs read it."""
    import json  # what is on a page has no need of it

    click.echo(json.dumps(found, ensure_ascii=False, indent=2))


def refused(reason: InputError | str, *, as_json: bool = False) -> int:
    """Say why the input cannot be used: every mistake that was found."""
    error = InputError(reason) if isinstance(reason, str) else reason
    if as_json:
        print_json({"errors": [mistake.to_dict() for mistake in error.errors]})
    else:
        for mistake in error.errors:
            click.echo(f"jac: {mistake.told()}", err=True)
    return REFUSED


def in_our_voice(error: click.UsageError) -> InputError:
    """What click says of options, as everything else is said."""
    command = error.ctx.command_path if error.ctx is not None else "jac"
    return InputError(_said(error), hint=f"{command} --help lists what there is")


def _said(error: click.UsageError) -> str:
    match error:
        case click.NoSuchOption():
            close = f"; did you mean {' or '.join(sorted(error.possibilities))}?" if error.possibilities else ""
            return f"there is no option {error.option_name}{close}"
        case click.BadOptionUsage():
            return f"{error.option_name} wants a value" if "requires" in error.message else _plain(error)
        case click.MissingParameter(param=click.Argument(name=str() as name)):
            return f"which {name}?"
        case click.MissingParameter(param=click.Option() as param):
            return f"{param.opts[-1]} is wanted, a {(param.metavar or 'value').lower()}"
        case click.BadParameter(param=click.Parameter() as param):
            return f"{_name(param)} is {_wanted(param.type)}{_given(error)}"
    return _plain(error)


def _plain(error: click.UsageError) -> str:
    """Click's own words, as a part of a sentence."""
    message = error.format_message().rstrip(".")
    return message[:1].lower() + message[1:]


def _name(param: click.Parameter) -> str:
    return param.opts[-1] if isinstance(param, click.Option) else f"the {param.name}"


def _wanted(kind: Any) -> str:
    match kind:
        case click.Choice():
            *others, last = map(str, kind.choices)
            return f"{', '.join(others)} or {last}" if others else last
        case click.IntRange() | click.FloatRange():
            whole = "a whole number" if isinstance(kind, click.IntRange) else "a number"
            return f"{whole} {'above' if kind.min_open else 'from'} {kind.min:,.15g} to {kind.max:,.15g}"
    return f"a {kind.name}"


def _given(error: click.BadParameter) -> str:
    """The value as click quotes it, if it does."""
    value = error.message.partition(" is not ")[0].strip("'")
    return f", not {value}" if value and value != error.message and " " not in value else ""
