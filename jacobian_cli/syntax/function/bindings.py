"""What the names of a module stand for, statement by statement; nothing is run."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from typing import NamedTuple

from jacobian_cli.syntax.function.decorators import changes, last_word, root, wrapped
from jacobian_cli.syntax.libraries import MODULES

_DIFFER = frozenset("std var median sort max min repeat split transpose".split())
"""Functions that libraries have by one name and that differ."""


class Lost(NamedTuple):
    """What a name stands for cannot be told."""

    why: str


Value = ast.FunctionDef | ast.Lambda | ast.expr | Lost


class Bindings:
    """The names of a module: what each stands for behind every statement, and what is imported."""

    def __init__(self) -> None:
        self.history: dict[str, list[tuple[int, Value | None]]] = {}
        self.when: dict[int, int] = {}
        """The number of the statement that a value stands in, by its `id`."""
        self.aliases: dict[str, str] = {}
        """What was imported, or named anew: `expit` for `scipy.special.expit`."""
        self.stars: list[str] = []
        """Modules of which all names were imported."""
        self.candidates: list[str] = []
        self.count = 0

    def at(self, name: str, before: int | None = None) -> Value | None:
        """What a name stands for behind the last statement, or where a statement is run."""
        found: Value | None = None
        for place, value in self.history.get(name, ()):
            if before is not None and place >= before:
                break
            found = value
        return found

    def bind(self, name: str, value: Value | None) -> None:
        self.aliases.pop(name, None)
        self.history.setdefault(name, []).append((self.count, value))
        if isinstance(value, ast.AST):
            self.when.setdefault(id(value), self.count)

    def lose(self, name: str, why: str) -> None:
        self.bind(name, Lost(why))

    def name(self, name: str, path: str) -> None:
        """A name for what a dotted name stands for."""
        self.history.pop(name, None)
        self.aliases[name] = path

    # ---- statements -------------------------------------------------------------------------------------------------

    def take(self, statement: ast.stmt) -> None:
        self.count += 1
        match statement:
            case ast.FunctionDef(name=name):
                self.bind(name, statement)
                self.candidates.append(name)
            case ast.Import() | ast.ImportFrom():
                self.imported(statement)
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self.assign(target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.assign(target, value)
            case ast.AugAssign(target=ast.Name(id=name) as target, op=op, value=value):
                read = ast.copy_location(ast.Name(name, ast.Load()), target)
                self.bind(name, ast.copy_location(ast.BinOp(read, op, value), statement))
            case ast.AugAssign(target=target):
                self.changed(target)
            case ast.Expr(value=ast.Call(func=ast.Attribute() as function)):
                self.changed(function)
            case ast.Delete(targets=targets):
                for target in targets:
                    self.lose(root(target), "is taken away")
            case ast.Try(body=body) if all(isinstance(part, ast.Import | ast.ImportFrom) for part in body):
                for part in body:
                    self.take(part)
            case ast.If(test=test, body=body) if last_word(test) == "TYPE_CHECKING":
                for part in body:
                    self.take(part)
            case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
                pass
            case ast.If() | ast.For() | ast.While() | ast.With() | ast.Try() | ast.Match():
                word = type(statement).__name__.lower()
                for name in _assigned(statement):
                    self.lose(name, f"is set in a block of {word}, which is not run")

    def changed(self, target: ast.expr) -> None:
        """A part of what a name stands for is set, or a method of it called whose value is not used."""
        name = root(target)
        if self.at(name) is not None:
            self.lose(name, "is changed where it stands, which is not run")

    def globals_in(self, tree: ast.AST) -> None:
        """Names that functions set outside of themselves."""
        for part in ast.walk(tree):
            if isinstance(part, ast.FunctionDef):
                named = {name for inner in ast.walk(part) if isinstance(inner, ast.Global) for name in inner.names}
                for name in named.intersection(_assigned(part)):
                    self.lose(name, f"is set in the function {part.name}, which may have been called")

    def imported(self, statement: ast.Import | ast.ImportFrom) -> None:
        if isinstance(statement, ast.Import):
            for item in statement.names:
                first = item.name.partition(".")[0]
                self.name(item.asname or first, module_of(item.name if item.asname else first))
            return
        module = "." * statement.level + (statement.module or "")
        for item in statement.names:
            if item.name == "*":
                self.stars.append(module_of(module))
                for name in _DIFFER.intersection(self.aliases) if module != "math" else ():
                    del self.aliases[name]
            else:
                self.name(item.asname or item.name, module_of(f"{module}.{item.name}"))

    def assign(self, target: ast.expr, value: ast.expr) -> None:
        match target, value:
            case ast.Name(id=name), ast.Lambda():
                self.bind(name, value)
                self.candidates.append(name)
            case ast.Name(id=name), _:
                if (path := self.path(value)) is not None:
                    self.name(name, path)
                else:
                    self.bind(name, self.function(value) or value)
            case ast.Tuple(elts=parts) | ast.List(elts=parts), ast.Tuple(elts=values) | ast.List(elts=values) if len(
                parts
            ) == len(values) and not any(isinstance(p, ast.Starred) for p in (*parts, *values)):
                for part, item in zip(parts, values, strict=True):
                    self.assign(part, item)
            case ast.Tuple() | ast.List(), _:
                for name in _assigned(target):
                    self.lose(name, "is one of several values that are not listed")
            case _:
                self.changed(target)

    def path(self, value: ast.expr) -> str | None:
        """The dotted name of a function or module of a library that a value is: `np.log2`."""
        words: list[str] = []
        while isinstance(value, ast.Attribute):
            words.append(value.attr)
            value = value.value
        if not isinstance(value, ast.Name) or self.at(value.id) is not None:
            return None
        first = self.aliases.get(value.id, value.id)
        known = value.id in self.aliases or value.id in MODULES or not words
        return ".".join([first, *reversed(words)]) if known else None

    def function(self, value: ast.expr) -> Value | None:
        """The function of the module that a value is: by another name, or compiled."""
        while isinstance(value, ast.Call) and len(value.args) == 1:
            if changes(last_word(wrapped(value.func)), asked=False) or self.at(root(value.func)) is not None:
                return None
            (value,) = value.args
        if isinstance(value, ast.Lambda):
            return value
        found = self.at(value.id) if isinstance(value, ast.Name) else None
        return found if isinstance(found, ast.FunctionDef | ast.Lambda | Lost) else None

    def star_of(self, name: str) -> str:
        """The module from which a name came with all others, if one did."""
        stars = [star for star in self.stars if star != "math" or name in vars(math)]
        return stars[-1] if stars else ""


def _assigned(node: ast.AST) -> Iterator[str]:
    """The names that are bound anywhere in a tree."""
    for part in ast.walk(node):
        match part:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) if part is not node:
                yield name
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from (item.asname or item.name.partition(".")[0] for item in names)


def module_of(path: str) -> str:
    """Long names of modules as their short ones."""
    if path.startswith("autograd.numpy"):
        return "np" + path.removeprefix("autograd.numpy")
    return "jnp" if path == "jax.numpy" else path
