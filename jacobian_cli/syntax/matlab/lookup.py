"""Functions of R and Mathematica by their names: what each is in the language, or why it is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.matlab.cursor import Cursor, MatlabToken
from jacobian_cli.syntax.tree import Call, Term

Special = Callable[[Any, MatlabToken, list[Term], dict[str, Term], Span], Term]
"""Takes the reader, the token of the name, its arguments, its options and the place."""
_BINARY = frozenset(("*", "+", "?matmul", "kron"))
"""Functions of the language that take two values, where others take more of them one after the other."""


class Vocabulary(NamedTuple):
    """The functions of a notation."""

    same: Mapping[str, str]
    """Functions of the language under the names that they have there; nothing where they change nothing here."""
    elsewhere: Mapping[str, tuple[str, str]]
    """What is no formula, and what to do."""
    special: Mapping[str, Special]
    """Functions that are more than another name."""
    applied: str
    """How a function is applied."""
    capital: bool
    """Whether functions begin with a capital, and are the language's with a small letter."""

    def call(
        self, reader: Cursor, token: MatlabToken, arguments: list[Term], keywords: dict[str, Term], span: Span
    ) -> Term:
        """An application. Raises `InputError` where there is no such function here."""
        name = token.text
        if name in self.elsewhere:
            raise reader.refuse(token, *self.elsewhere[name])
        if special := self.special.get(name):
            return special(reader, token, arguments, keywords, span)
        if not arguments:
            raise reader.refuse(token, f"'{name[:40]}' wants an argument", f"as in {self.applied.format(name)}")
        if keywords:
            raise reader.refuse(token, f"{name[:40]} has no options that are read here")
        same = self.same.get(name, name.lower() if self.capital else name)
        unknown = same not in reader.known.functions or (self.capital and not name[0].isupper())
        if same.isidentifier() and unknown:
            raise reader.refuse(token, f"there is no function '{name[:40]}'", "jac functions lists those there are")
        if not same:
            return arguments[0]
        if same not in _BINARY or len(arguments) < 2:
            return Call(same, tuple(arguments), (), span)
        total, *rest = arguments
        for part in rest:
            total = Call(same, (total, part), (), span)
        return total
