"""One function, statement by statement: each assignment is a definition.

A name that is assigned again gets a new name, the old one keeps its value. Calls of functions of the same file are
taken in place. What cannot be read is named with its line and a caret.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TypeVar

from jacobian_cli.syntax.code import arguments_of
from jacobian_cli.syntax.code.arguments import places_of, sign_of
from jacobian_cli.syntax.code.places import counts_rows, piece
from jacobian_cli.syntax.code.python import as_number
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.function import choices
from jacobian_cli.syntax.function.axes import axes_said, is_number
from jacobian_cli.syntax.function.decorators import harmless
from jacobian_cli.syntax.function.expressions import Names
from jacobian_cli.syntax.function.in_place import copied, in_place, seen_through
from jacobian_cli.syntax.function.methods import Class, attribute_of, default_number, parameters
from jacobian_cli.syntax.function.module import CONSTANTS, Bound
from jacobian_cli.syntax.function.packs import unpacks_arrays
from jacobian_cli.syntax.function.sharing import Given, Shared
from jacobian_cli.syntax.function.values import at, is_light, whole
from jacobian_cli.syntax.parser import normal_name
from jacobian_cli.syntax.tree import Call, Definition, Group, Literal, Name, Term

_Function = TypeVar("_Function", ast.FunctionDef, ast.Lambda)
_MOST = 5_000
_MOST_CALLS = 20
_HINTS: tuple[tuple[type[ast.stmt], str, str], ...] = (
    (ast.For, "a loop cannot be read", "write it as a sum or a product of arrays"),
    (ast.While, "a loop cannot be read", "write it as a formula"),
    (ast.AsyncFor, "a loop cannot be read", "write it as a formula"),
    (ast.If, "a branch cannot be read", "write where(x > 0, a, b), or read one branch as a function of its own"),
    (ast.Match, "a branch cannot be read", "write where(x > 0, a, b)"),
    (ast.With, "a block cannot be read", "write the formula alone"),
    (ast.Try, "a block cannot be read", "write the formula alone"),
    (ast.Import, "an import inside a function cannot be read", "import at the top of the file"),
    (ast.ImportFrom, "an import inside a function cannot be read", "import at the top of the file"),
    (ast.Delete, "a name cannot be taken away", ""),
    (ast.Global, "a global name cannot be read", "make it a parameter"),
    (ast.Nonlocal, "a name of another function cannot be read", "make it a parameter"),
    (ast.Raise, "an exception is no formula", ""),
    (ast.ClassDef, "a class cannot be read", "write a function"),
)


class Function(Shared):
    """One function being read, with what its names stand for."""

    def __init__(
        self,
        reader: Names,
        outer: Mapping[str, Bound],
        *,
        depth: int,
        prefix: str,
        owner: Class | None = None,
        before: int | None = None,
    ) -> None:
        self.before = before
        """The statement of the module in which this is run; none behind the last one."""
        self.owner = owner
        """The class of a method that is being read."""
        self.reader = reader
        self.module = reader.module
        self.outer: Mapping[str, Bound] = outer
        self.local: dict[str, Bound] = {}
        self.node: ast.FunctionDef | ast.Lambda | None = None
        self.views: dict[str, str] = {}
        """The names of views, each with that of the array it is one of."""
        self.absent: set[str] = set()
        """Parameters that are None where they are left out, as they are here."""
        self.options: set[str] = set()
        """Parameters that say how something is computed, and are what their defaults are."""
        self.usual: dict[str, Literal] = {}
        """Parameters whose default is a number, by which a branch is decided."""
        self.rows: dict[str, ast.expr] = {}
        """Names for the numbers of rows, `torch.arange(n)`."""
        self.given: dict[str, Given] = {}
        """Parameters that arrays of the caller were given for."""
        self.current: ast.stmt | None = None
        self.returned: str | None = None
        """The name of the array that what is returned is a view of."""
        self.seen: dict[ast.expr, str] = {}
        """Calls that give a view of an array, and its name."""
        self.depth = depth
        self.prefix = prefix

    # ---- names ------------------------------------------------------------------------------------------------------

    def value_of(self, node: ast.Name) -> Term:
        span = self.module.places.span(node)
        found: Bound | ast.expr | None = self.local.get(node.id, self.outer.get(node.id))
        if found is None:
            found = self.module.value(node, self.before)
            if isinstance(found, ast.expr) and not isinstance(found, ast.Lambda):
                return self.constant(node, found)
        if node.id in self.rows:
            raise self.module.refuse(node, "numbers of rows are no value here", "they pick entries, or are labels")
        if found is None:
            path = self.reader.imported(node.id).split(".")
            if path[-1] in CONSTANTS and len(path) > 1:
                return Name(path[-1], span)
            raise self.module.refuse(node, f"'{node.id}' is not known here", "make it a parameter of the function")
        if isinstance(found, ast.FunctionDef | ast.Lambda):
            raise self.module.refuse(node, f"'{node.id}' is a function, and a value belongs here")
        assert not isinstance(found, ast.expr)
        return self.reader.want_value(at(found, span), node)

    def constant(self, node: ast.Name, value: ast.expr) -> Term:
        """A constant of the module."""
        if self.depth > _MOST_CALLS:
            raise self.module.refuse(node, f"'{node.id}' is defined by way of itself")
        return self.where(value).term(value)

    def where(self, value: ast.AST) -> Function:
        """What reads a value of the module, or the default of a function of it, where that stands."""
        before = self.module.names.when.get(id(value), self.before)
        return Function(self.reader, {}, depth=self.depth + 1, prefix=self.prefix, owner=self.owner, before=before)

    def term(self, node: ast.expr) -> Term:
        before, self.reader.scope = self.reader.scope, self
        try:
            return self.reader.term(node)
        finally:
            self.reader.scope = before

    # ---- functions --------------------------------------------------------------------------------------------------

    def applied_to_names(self, function: ast.FunctionDef | ast.Lambda) -> Term:
        """The value of the function that was asked for: its parameters are variables."""
        self.module.want_plain(function, asked=True)
        given = function.args
        for more in filter(None, (given.vararg, given.kwarg)):
            self.local[more.arg] = Name(more.arg, self.module.places.span(more))
            self.module.taken.add(more.arg)
            self.module.variables.add(more.arg)
            self.module.packs[more.arg] = {}
            self.module.stars.append(more.arg)
        attributes = parameters(self.owner) if self.owner is not None else set()
        said = axes_said(function, self.module.text)
        self.module.variables |= set(map(normal_name, attributes))
        self.module.taken |= self.module.variables
        for argument in arguments_of(given):
            name = normal_name(argument.arg)
            if name == "self" and self.owner is not None:
                continue
            if name in ("self", "cls"):
                raise self.module.refuse(_head(function), "a method cannot be read", "write a function")
            if name in attributes:
                message = f"{name} and self.{name} are two things here"
                raise self.module.refuse(_head(function), message, "give the parameter another name")
            self.module.taken.add(name)
            self.module.variables.add(name)
            if argument.arg in said:
                self.module.orders[name] = said[argument.arg]
            if name in CONSTANTS or name in self.module.functions:
                self.module.own.append(name)
            self.local[argument.arg] = Name(name, self.module.places.span(argument))
        for attribute in sorted(attributes):
            if self.owner is not None and (number := default_number(self.owner, attribute)) is not None:
                name = normal_name(attribute)
                definition = Definition(name, self.term(number), self.module.text, notation="function", default=True)
                self.module.definitions.append(definition)
        for argument, value in _defaults(given):
            name = normal_name(argument.arg)
            if is_number(value):  # and so is the parameter, where it is a variable
                self.module.orders.setdefault(name, 0)
            if name in self.module.given:
                continue
            self.module.variables.discard(name)
            if isinstance(value, ast.Constant) and value.value is None:
                self.absent.add(argument.arg)
                self.module.left_out.add(name)
                continue
            if choices.is_option(argument.arg, value, function):
                self.local[argument.arg] = self.where(function).term(value)
                self.options.add(argument.arg)
                self.module.left_out.add(name)
                continue
            default = self.where(function).term(value)
            if isinstance(default, Literal):
                self.usual[argument.arg] = default
            if self.module.has_meaning(name):  # clip=0.2, which stands beside the function clip
                self.module.left_out.add(name)
                name = self.module.fresh(name)
                self.local[argument.arg] = Name(name, self.module.places.span(argument))
            self.module.definitions.append(
                Definition(name, default, self.module.text, notation="function", default=True)
            )
        return self.body(function)

    def called(
        self, name: str, function: ast.FunctionDef | ast.Lambda, node: ast.Call, outer: Mapping[str, Bound]
    ) -> Term:
        """A call of a function of the file, taken in place; `outer` is what its names stand for where it is made."""
        if self.depth >= _MOST_CALLS or len(self.module.definitions) > _MOST:
            raise self.module.refuse(node, f"'{name}' calls itself, or too much is called here")
        self.module.want_plain(function, asked=False)
        given = function.args
        if given.vararg or given.kwarg:
            raise self.module.refuse(node, f"'{name}' takes *args or **kwargs, which cannot be read")
        parameters = [p for p in arguments_of(given) if not (p.arg == "self" and attribute_of(node.func))]
        inner = Function(self.reader, outer, depth=self.depth + 1, prefix=name, owner=self.owner, before=self.before)
        if len(node.args) > len(given.posonlyargs) + len(given.args):
            raise self.module.refuse(node, f"'{name}' takes {len(parameters)} arguments, not {len(node.args)}")
        for parameter, argument in zip(parameters, node.args, strict=False):
            inner.local[parameter.arg] = self.named(parameter.arg, self.term(argument), parameter)
            inner.note(parameter.arg, argument, self)
        for keyword in node.keywords:
            if keyword.arg not in {p.arg for p in parameters} or keyword.arg in inner.local:
                raise self.module.refuse(node, f"'{name}' has no parameter '{keyword.arg}' that is left")
            inner.local[keyword.arg] = self.named(keyword.arg, self.term(keyword.value), keyword.value)
            inner.note(keyword.arg, keyword.value, self)
        for parameter, default in _defaults(given):
            if parameter.arg not in inner.local:
                bound = self.module.defaults.get(function, {})
                there = self.where(function) if id(function) in self.module.names.when else inner
                inner.local[parameter.arg] = bound.get(parameter.arg) or there.term(default)
        missing = [p.arg for p in parameters if p.arg not in inner.local]
        if missing:
            raise self.module.refuse(node, f"'{name}' wants {', '.join(missing)}")
        value = inner.body(function)
        view = inner.given_as(inner.returned) if inner.returned is not None else None
        if view is not None and view.caller is self:
            self.seen[node] = view.name
        return self.named(name, value, node)

    def named(self, name: str, value: Term, node: ast.expr | ast.arg) -> Term:
        """A value as a name that stands for it, where it is more than a name or a number."""
        return value if is_light(value) else self.define(name, value, node)

    def define(self, name: str, value: Term, node: ast.expr | ast.arg) -> Name:
        """A new name that stands for a value."""
        fresh = self.module.fresh(name)
        self.module.definitions.append(Definition(fresh, value, self.module.text, notation="function"))
        if len(self.module.definitions) > _MOST:
            raise InputError("the function makes too many definitions", text=self.module.text)
        return Name(fresh, self.module.places.span(node))

    def body(self, function: ast.FunctionDef | ast.Lambda) -> Term:
        self.node = function
        if isinstance(function, ast.Lambda):
            return self.term(function.body)
        for statement in function.body:
            value = self.statement(statement)
            if value is not None:
                return value
        raise self.module.refuse(function, f"'{function.name}' returns nothing", "end it with return …")

    def decided(self, test: ast.expr) -> bool | None:
        """What a test comes out as, where that is known without a value."""
        local = {**self.local, **{name: value for name, value in self.usual.items() if name in self.local}}
        found = choices.decided(test, local, self.absent, {*self.options, *self.usual})
        if found is not None and found.doubt:
            self.reader.doubt(found.doubt)
            asked = {part.id for part in ast.walk(test) if isinstance(part, ast.Name)}
            self.module.left_out |= {normal_name(name) for name in asked & self.usual.keys()}
        return found.taken if found else None

    # ---- statements -------------------------------------------------------------------------------------------------

    def statement(self, node: ast.stmt) -> Term | None:
        self.current = node
        match node:
            case ast.Return(value=None):
                raise self.module.refuse(node, "nothing is returned", "end it with return …")
            case ast.Return(value=ast.Tuple()):
                raise self.module.refuse(node, "several values are returned", "return one of them")
            case ast.Return(value=ast.expr() as value):
                self.returned = seen_through(value)
                return self.term(as_number(value) if self.depth == 0 else value)
            case ast.If() if self.decided(node.test) is not None:
                return self.branch(node)
            case ast.With(items=items, body=body) if all(harmless(item) for item in items):
                return self.block(body)
            case ast.Assign():
                self.assign(node)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.bind(target, self.assigned(value))
            case ast.AnnAssign() | ast.Pass() | ast.Assert():
                pass
            case ast.AugAssign(target=ast.Name() as target, op=op, value=value):
                self.want_alone(target, node)
                read = ast.copy_location(ast.Name(target.id, ast.Load()), target)
                self.bind(target, self.term(ast.copy_location(ast.BinOp(read, op, value), node)))
            case ast.AugAssign(target=target):
                raise self.module.refuse(target, "an assignment to entries cannot be read", "assign the whole array")
            case ast.Expr(value=ast.Constant()):
                pass
            case ast.Expr(value=ast.Call(func=ast.Name(id="print"))):
                pass
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name)) as value) if in_place(name):
                self.term(value)
            case ast.Expr():
                raise self.module.refuse(
                    node, "a call whose value is not used cannot be read", "only formulas are read"
                )
            case ast.FunctionDef(name=name):
                self.local[name] = self.with_defaults(node)
            case _:
                for kind, message, hint in _HINTS:
                    if isinstance(node, kind):
                        raise self.module.refuse(_head(node), message, hint)
                raise self.module.refuse(node, "this statement cannot be read", "only assignments and return are")
        return None

    def branch(self, node: ast.If) -> Term | None:
        """The statements that are taken, where that is known; the value, if they return one."""
        return self.block(node.body if self.decided(node.test) else node.orelse)

    def block(self, statements: list[ast.stmt]) -> Term | None:
        for statement in statements:
            if (value := self.statement(statement)) is not None:
                return value
        return None

    def assign(self, node: ast.Assign) -> None:
        found = None if counts_rows(node.value) else self.assigned(node.value)
        if isinstance(found, Name) and copied(node.value) and isinstance(first := node.targets[0], ast.Name):
            found = self.define(first.id, found, first)
        if found is not None and len(node.targets) > 1:  # a = b = x + 1 is one array under two names
            found = self.under(node.targets[0], found)
        looked = self.seen.get(node.value) or seen_through(node.value)
        given = self.given_as(looked) if looked is not None else None
        for target in node.targets:
            if found is not None:
                self.bind(target, found)
            if given is not None and isinstance(target, ast.Name) and isinstance(here := self.local[target.id], Name):
                self.given[target.id] = given._replace(text=here.text)
            for part in target.elts if isinstance(target, ast.Tuple | ast.List) else (target,):
                if not isinstance(part, ast.Name):
                    continue
                self.views.pop(part.id, None)
                if found is None:
                    self.local.pop(part.id, None)
                    self.rows[part.id] = node.value
                elif looked is not None:
                    self.views[part.id] = looked

    def under(self, target: ast.expr, value: Bound | list[Bound]) -> Bound | list[Bound]:
        """A value, or several, as names that stand for it."""
        match target, value:
            case ast.Name(id=name), _ if not isinstance(value, list | ast.AST):
                return self.named(name, value, target)
            case ast.Tuple(elts=parts) | ast.List(elts=parts), list() if len(parts) == len(value):
                pairs = (self.under(part, item) for part, item in zip(parts, value, strict=True))
                return [item for item in pairs if not isinstance(item, list)]
        return value

    def assigned(self, value: ast.expr) -> Bound | list[Bound]:
        if isinstance(value, ast.Lambda):
            return self.with_defaults(value)
        if isinstance(value, ast.Tuple):
            return [item for item in map(self.assigned, value.elts) if not isinstance(item, list)]
        if isinstance(value, ast.Attribute) and value.attr == "shape":
            return Call("?shape", (self.term(value.value),), (), self.module.places.span(value))
        return self.term(value)

    def with_defaults(self, function: _Function) -> _Function:
        """A function that is defined here; its defaults are what their names stand for now."""
        self.module.defaults[function] = {
            parameter.arg: self.named(parameter.arg, self.term(default), parameter)
            for parameter, default in _defaults(function.args)
            if any(isinstance(part, ast.Name) and part.id in self.local for part in ast.walk(default))
        }
        return function

    def bind(self, target: ast.expr, value: Bound | list[Bound]) -> None:
        match target:
            case ast.Name(id=name):
                self.absent.discard(name)
                self.options.discard(name)
                self.usual.pop(name, None)
                self.rows.pop(name, None)
                if isinstance(value, list):
                    self.local[name] = Group(tuple(v for v in value if not isinstance(v, ast.AST)), self.span(target))
                elif isinstance(value, ast.FunctionDef | ast.Lambda):
                    self.local[name] = value
                else:
                    self.local[name] = self.named(name, value, target)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part, item in zip(parts, self.unpacked(target, value, len(parts)), strict=True):
                    self.bind(part, item)
            case ast.Subscript():
                raise self.module.refuse(target, "an assignment to entries cannot be read", "assign the whole array")
            case ast.Starred():
                raise self.module.refuse(target, "* before a name cannot be read", "name each value")
            case _:
                raise self.module.refuse(target, "only names can be assigned")

    def unpacked(self, target: ast.expr, value: Bound | list[Bound], count: int) -> list[Bound]:
        span = self.span(target)
        if isinstance(value, Group):
            value = list(value.items)
        if isinstance(value, list) and len(value) == count:
            return value
        if isinstance(value, Call):
            match value.function:
                case "?shape":
                    if isinstance(array := value.arguments[0], Name):
                        self.module.orders[array.text] = count
                    extents = [Call("?extent", (*value.arguments, whole(k, span)), (), span) for k in range(count)]
                    return [*extents]
                case "?slogdet" if count == 2:
                    return [sign_of(value), value.arguments[0]]
                case "?split":
                    return [piece(value, place, count) for place in range(count)]
                case "?pair" if count == 2:
                    return [value.arguments[0], places_of(value)]
        if isinstance(value, Name) and (entries := self.parts_of(target, value, count)):
            return [*entries]
        hint = "make each a parameter of its own" if isinstance(value, Name) else None
        raise self.module.refuse(target, "what is unpacked here is not listed in the source", hint)

    def parts_of(self, target: ast.expr, value: Name, count: int) -> list[Term]:
        """The parts of a parameter that is unpacked: arrays, W, b = params, or numbers, mu, sigma = theta."""
        if value.text not in self.module.variables or not isinstance(target, ast.Tuple | ast.List):
            return []
        parts = [part.id if isinstance(part, ast.Name) else f"{value.text}_{k}" for k, part in enumerate(target.elts)]
        whole_ = value.text in self.module.packs or self.module.inside(value.text) is not None
        if whole_ or unpacks_arrays(self.node, value.text, target):
            return [self.reader.held(value, k, part, value.span) for k, part in enumerate(parts)]
        self.module.orders[value.text] = 1
        return [Call("[]", (value, Group((whole(k, value.span),), value.span)), (), value.span) for k in range(count)]

    def span(self, node: ast.expr) -> Span:
        return self.module.places.span(node)


def _head(node: ast.stmt | ast.expr) -> ast.stmt:
    """The first line of a statement, for its caret."""
    head = ast.Pass()
    head.lineno = head.end_lineno = node.lineno
    head.col_offset = node.col_offset
    head.end_col_offset = node.col_offset + len(type(node).__name__)
    return head


def _defaults(given: ast.arguments) -> list[tuple[ast.arg, ast.expr]]:
    plain = [*given.posonlyargs, *given.args]
    found = list(zip(plain[len(plain) - len(given.defaults) :], given.defaults, strict=True))
    return found + [(a, v) for a, v in zip(given.kwonlyargs, given.kw_defaults, strict=True) if v is not None]
