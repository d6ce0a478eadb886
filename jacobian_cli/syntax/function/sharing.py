"""Arrays that have several names in a function, all of which change with one."""

from __future__ import annotations

import ast
from typing import NamedTuple

from jacobian_cli.syntax.function.in_place import seen_through, used_before, used_beside
from jacobian_cli.syntax.function.module import Bound, Module
from jacobian_cli.syntax.tree import Name


class Given(NamedTuple):
    """What a parameter was given: an array of the caller, by its name there, or a view of it."""

    caller: Shared
    name: str
    argument: ast.expr
    text: str


class Shared:
    """What a function knows of arrays under several names."""

    module: Module
    node: ast.FunctionDef | ast.Lambda | None
    local: dict[str, Bound]
    views: dict[str, str]
    given: dict[str, Given]
    current: ast.stmt | None

    def want_alone(self, target: ast.Name, node: ast.stmt | ast.expr) -> None:
        """Refuse `y += 1` behind `y = x`: one array under two names, both of which change."""
        here = self.local.get(target.id)
        names = {
            n for n, v in self.local.items() if isinstance(v, Name) and isinstance(here, Name) and v.text == here.text
        }
        names |= {n for pair in self.views.items() if target.id in pair for n in pair} | {target.id}
        if isinstance(node, ast.expr) and used_before(self.current or self.node, names, node):
            message = f"{target.id} is changed in the middle of a formula that also holds it as it was, or so it seems"
            raise self.module.refuse(node, message, "change it in a line of its own")
        for view, seen in self.views.items():
            other = seen if target.id == view else view
            if target.id in (view, seen) and view != seen and self.uses(other, node.end_lineno or node.lineno):
                message = f"{view} is a view of {seen} here, and both change"
                raise self.module.refuse(node, message, f"assign a new one: {target.id} = {target.id} + 1")
        for name, value in self.local.items():
            if name != target.id and isinstance(here, Name) and isinstance(value, Name) and value.text == here.text:
                message = f"{target.id} and {name} are one array here, which changes under both names"
                raise self.module.refuse(node, message, f"assign a new one: {target.id} = {target.id} + 1")
        self.want_given_no_more(target.id, node)

    def note(self, parameter: str, argument: ast.expr, caller: Shared) -> None:
        """Remember which array of the caller a parameter is, or is a view of."""
        name = argument.id if isinstance(argument, ast.Name) else seen_through(argument)
        if name is not None and isinstance(here := self.local[parameter], Name):
            self.given[parameter] = Given(caller, name, argument, here.text)

    def given_as(self, name: str) -> Given | None:
        """What a name was given by the caller, if it still stands for that."""
        here = self.local.get(name)
        return next((g for g in self.given.values() if isinstance(here, Name) and here.text == g.text), None)

    def want_given_no_more(self, name: str, node: ast.stmt | ast.expr) -> None:
        """Refuse to change an array that the caller gave and uses elsewhere."""
        root = name
        while root in self.views and self.views[root] != root:
            root = self.views[root]
        here = self.local.get(root)
        for parameter, given in self.given.items():
            if not (isinstance(here, Name) and here.text == given.text):
                continue
            caller = given.caller
            if caller.uses_beside(given.name, given.argument):
                message = f"{parameter} is the caller's {given.name} here, and both change"
                raise self.module.refuse(node, message, f"assign a new one: {name} = {name} + 1")
            caller.want_given_no_more(given.name, node)

    def uses_beside(self, name: str, argument: ast.expr) -> bool:
        """Whether an array is used in the statement that is read, or behind it, but as this argument."""
        here = self.local.get(name)
        text = here.text if isinstance(here, Name) else None
        names = {n for n, v in self.local.items() if isinstance(v, Name) and v.text == text} | {name}
        names |= {n for pair in self.views.items() if name in pair for n in pair}
        return used_beside(self.node, names, name, self.current, argument)

    def uses(self, name: str, line: int) -> bool:
        """Whether a name is used behind a line."""
        names = ast.walk(self.node) if self.node else ()
        return any(isinstance(node, ast.Name) and node.id == name and node.lineno > line for node in names)
