"""What a source text holds: functions, constants, imports; and which function is meant."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from jacobian_cli.syntax.code import Places
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import InputError
from jacobian_cli.syntax.function.bindings import Bindings, Lost
from jacobian_cli.syntax.function.decorators import changes, last_word, root, wrapped
from jacobian_cli.syntax.function.methods import Class, class_of
from jacobian_cli.syntax.names import LETTERS
from jacobian_cli.syntax.parser import normal_name
from jacobian_cli.syntax.tree import Definition, Term

CONSTANTS = frozenset(("pi", "e", "inf"))
Bound = Term | ast.FunctionDef | ast.Lambda


@dataclass(slots=True)
class Module:
    """What the text holds: functions, constants, imports; and the definitions made so far."""

    text: str
    places: Places
    functions: frozenset[str]
    names: Bindings = field(default_factory=Bindings)
    definitions: list[Definition] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    variables: set[str] = field(default_factory=set)
    """Parameters without a default, and their parts."""
    counts: dict[str, int] = field(default_factory=dict)
    """How often each name was wanted."""
    orders: dict[str, int] = field(default_factory=dict)
    """The number of axes of arrays whose shape is unpacked."""
    defaults: dict[ast.FunctionDef | ast.Lambda, dict[str, Term]] = field(default_factory=dict)
    """Defaults of functions within a function, which are what they were where it was defined."""
    own: list[str] = field(default_factory=list)
    """Parameters that are called like a number or a function: e, pi, mean, std."""
    given: frozenset[str] = frozenset()
    """Parameters that are variables, whatever their defaults."""
    left_out: set[str] = field(default_factory=set)
    """Parameters that are what their default is."""
    packs: dict[str, dict[str | int, str]] = field(default_factory=dict)
    """Parameters that hold several arrays, and the variables that these are, by their names or places."""
    unnamed: dict[str, Doubt] = field(default_factory=dict)
    """Parts that have no names in the source, and what is to be said of them."""
    stars: list[str] = field(default_factory=list)
    """Those among them that have stars before their names: *args."""
    bare: ast.Lambda | None = None
    classes: dict[str, Class] = field(default_factory=dict)

    def take(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Expr(value=ast.Lambda() as value):
                self.bare = value
            case ast.ClassDef(name=name):
                self.classes[name] = class_of(statement)
            case _:
                self.names.take(statement)

    def owner(self, function: ast.FunctionDef | ast.Lambda) -> Class | None:
        """The class that a method is one of."""
        return next((c for c in self.classes.values() if any(m is function for m in c.methods.values())), None)

    def methods(self) -> list[str]:
        """The methods that may be meant."""
        return [f"{name}.{asked}" for name, found in self.classes.items() for asked in found.asked()]

    def method(self, asked: str) -> ast.FunctionDef | None:
        """A method by its name, with or without that of its class."""
        of, _, name = asked.rpartition(".")
        classes = [self.classes[of]] if of in self.classes else [] if of else list(self.classes.values())
        found = [c.methods[name] for c in classes if name in c.methods]
        return found[0] if len(found) == 1 else None

    def chosen(self, function: str | None) -> ast.FunctionDef | ast.Lambda:
        if function is not None:
            found = self.names.at(function) or self.method(function)
            if isinstance(found, ast.expr) and not isinstance(found, ast.Lambda):
                made = ast.unparse(found)[:60]
                message = f"'{function[:60]}' is {made} in the end, which is no function that can be read"
                raise self.refuse(found, message, "name another function of the file")
            if not isinstance(found, ast.FunctionDef | ast.Lambda):
                there = ", ".join(dict.fromkeys((*self.names.candidates, *self.methods()))) or "none"
                raise InputError(f"there is no function '{function[:60]}' in this source", hint=f"there are: {there}")
            return found
        names = list(dict.fromkeys(self.names.candidates))
        if not names:
            if self.bare is not None:
                return self.bare
            if methods := self.methods():
                hint = f"name one behind the file: FILE:{methods[-1]}"
                raise InputError(f"which method? there are {', '.join(methods)}", hint=hint)
            raise InputError("there is no function in this source", hint="as in def f(x): return x.T @ A @ x")
        called = self.calls()
        outer = [name for name in names if name not in called]
        if len(outer) != 1:
            raise InputError(
                f"which function? there are {', '.join(names)}",
                hint=f"name one behind the file: FILE:{names[-1]}",
            )
        found = self.names.at(outer[0])
        assert isinstance(found, ast.FunctionDef | ast.Lambda)
        return found

    def calls(self) -> set[str]:
        """Names of functions that other functions of the text use."""
        found: set[str] = set()
        for name in self.names.candidates:
            node = self.names.at(name)
            if isinstance(node, ast.AST):
                found |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id != name}
        return found

    def want_plain(self, function: ast.FunctionDef | ast.Lambda, *, asked: bool) -> None:
        """Refuse a function that a decorator makes another one of."""
        if isinstance(function, ast.Lambda):
            return
        for node in function.decorator_list:
            made = wrapped(node)
            word = self.names.aliases.get(last_word(made), last_word(made)).rpartition(".")[2]
            if self.names.at(root(made)) is not None or changes(word, asked=asked):
                message = f"what {ast.unparse(node)} makes of '{function.name}' cannot be read"
                raise self.refuse(node, message, "leave the decorator out, and write what it computes")

    def value(self, node: ast.Name, before: int | None) -> ast.FunctionDef | ast.Lambda | ast.expr | None:
        """What a name of the module stands for, where a statement is run. Raises `InputError` where that is unclear."""
        found = self.names.at(node.id, before)
        if isinstance(found, Lost):
            raise self.refuse(node, f"what '{node.id}' is cannot be told: it {found.why}", "make it a parameter")
        return found

    def refuse(self, node: ast.stmt | ast.expr, message: str, hint: str | None = None) -> InputError:
        return InputError(message, text=self.text, span=self.places.span(node), hint=hint or None)

    def part(self, owner: str, key: str | int, wanted: str) -> str:
        """The variable that a part of a parameter is."""
        parts = self.packs.setdefault(owner, {})
        if key not in parts:
            within = [f"{normal_name(wanted)}_{inner}"] if (inner := self.inside(owner)) is not None else []
            ways = [normal_name(wanted), *within, f"{owner}_{key}"]
            parts[key] = next((name for name in ways if name not in self.taken | CONSTANTS), "") or self.fresh(owner)
            self.taken.add(parts[key])
            self.variables.add(parts[key])
            if parts[key] in self.functions:
                self.own.append(parts[key])
        return parts[key]

    def inside(self, owner: str) -> str | int | None:
        """What a variable is in the parameter that it is a part of."""
        return next((key for parts in self.packs.values() for key, name in parts.items() if name == owner), None)

    def has_meaning(self, name: str) -> bool:
        """Whether a name is that of a number or of a function, so that no definition can have it."""
        return name in CONSTANTS or (name in self.functions and name not in LETTERS)

    def fresh(self, wanted: str) -> str:
        """A name for a definition that is not taken and no function."""
        base = normal_name(wanted)
        name = base + "_" if self.has_meaning(base) else base
        while name in self.taken:
            self.counts[base] = self.counts.get(base, 1) + 1
            name = f"{base}_{self.counts[base]}"
        self.taken.add(name)
        return name
