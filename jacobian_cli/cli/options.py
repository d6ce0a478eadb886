"""The options that several commands take, and the examples at the end of their help."""

from __future__ import annotations

import click


def examples(*commands: str) -> str:
    """Commands to try, as click keeps them line by line."""
    return "\n".join(("\b", *commands))


points_option = click.option(
    "--points", default=3, show_default=True, type=click.IntRange(1, 100), help="Random points to check at."
)

layout_option = click.option(
    "--layout",
    default="numerator",
    show_default=True,
    metavar="WORD",
    help="Of the Jacobian: numerator (outputs down its rows) or denominator (its transpose).",
)
vec_option = click.option(
    "--vec",
    default="row",
    show_default=True,
    metavar="WORD",
    help="Flatten matrices row by row (row) or column by column (column).",
)

steps_option = click.option("--steps", is_flag=True, help="Show the derivation step by step, each step checked.")
to_option = click.option(
    "--to", "style", type=click.Choice(["latex", "markdown", "numpy"]), help="Print the answer in a form to take away."
)
no_check_option = click.option("--no-check", "unchecked", is_flag=True, help="Do not check the answer, and say so.")
full_option = click.option("--full", is_flag=True, help="Show everything, of any size.")
