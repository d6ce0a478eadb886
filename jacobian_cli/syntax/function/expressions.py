"""The expressions of a function, whose names are those around them."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Protocol

from jacobian_cli.syntax.code import Code, library_of
from jacobian_cli.syntax.code.arguments import Called
from jacobian_cli.syntax.code.functions import HANDLERS
from jacobian_cli.syntax.code.python import names_of
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.errors import Span
from jacobian_cli.syntax.function.in_place import in_place, seen_through
from jacobian_cli.syntax.function.methods import Class, attribute_of, constant, is_given, is_property, layer
from jacobian_cli.syntax.function.module import Bound, Module
from jacobian_cli.syntax.function.packs import OF_ARRAYS, assigned, picks_arrays
from jacobian_cli.syntax.names import Known
from jacobian_cli.syntax.parser import normal_name
from jacobian_cli.syntax.tree import Name, Term


class Scope(Protocol):
    """The function whose expressions are read."""

    outer: Mapping[str, Bound]
    local: dict[str, Bound]
    rows: dict[str, ast.expr]
    owner: Class | None
    before: int | None
    node: ast.FunctionDef | ast.Lambda | None
    current: ast.stmt | None

    def value_of(self, node: ast.Name) -> Term: ...

    def decided(self, test: ast.expr) -> bool | None: ...

    def called(
        self, name: str, function: ast.FunctionDef | ast.Lambda, node: ast.Call, outer: Mapping[str, Bound]
    ) -> Term: ...

    def want_alone(self, target: ast.Name, node: ast.stmt | ast.expr) -> None: ...

    def bind(self, target: ast.expr, value: Bound) -> None: ...


class Names(Code):
    """Expressions of the text; names are those of the function that is being read."""

    def __init__(self, module: Module) -> None:
        super().__init__(module.text, module.places, Known([], module.functions), library_of(module.text))
        self.module = module
        self.aliases = module.names.aliases
        self.scope: Scope | None = None
        self.numbered: dict[tuple[int, str], Mapping[int, str] | None] = {}

    def named(self, node: ast.Name) -> Term:
        assert self.scope is not None
        return self.scope.value_of(node)

    def term(self, node: ast.expr) -> Term:
        """An expression; of a choice that is settled, what is chosen."""
        if isinstance(node, ast.IfExp) and self.scope and (taken := self.scope.decided(node.test)) is not None:
            return super().term(node.body if taken else node.orelse)
        return super().term(node)

    def imported(self, name: str) -> str:
        if name not in self.aliases and (star := self.module.names.star_of(name)):
            return f"{star}.{name}"
        return super().imported(name)

    def converts(self, node: ast.expr) -> bool:
        """Whether `torch.tensor(x)` is the only use of x, or the value that it has from there on."""
        if not isinstance(node, ast.Name) or self.scope is None:
            return not names_of(node)
        match self.scope.current:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call()) if name == node.id:
                return True
        parts = ast.walk(self.scope.node) if self.scope.node is not None else ()
        return sum(isinstance(p, ast.Name) and p.id == node.id for p in parts) == 1

    def shadowed(self, name: str) -> bool:
        return self.scope is not None and name in self.scope.local

    def held(self, owner: Name, key: str | int, wanted: str, span: Span) -> Name:
        """A part of what holds several arrays."""
        return Name(self.module.part(owner.text, key, wanted), span)

    def holder(self, node: ast.expr) -> Name | None:
        """The parameter that an expression is, or the part of one."""
        read = self.term(node) if isinstance(node, ast.Name | ast.Subscript | ast.Attribute) else None
        return read if isinstance(read, Name) and read.text in self.module.variables else None

    def part(self, node: ast.Subscript, word: str, span: Span) -> Term:
        owner = self.holder(node.value) if word.isidentifier() else None
        return super().part(node, word, span) if owner is None else self.by_word(owner, word, span)

    def by_word(self, owner: Name, word: str, span: Span) -> Name:
        """`params["W"]`; of what stands within a part, by the names of both: W_layer1."""
        inner = self.module.inside(owner.text)
        return self.held(owner, word, word if inner is None else f"{word}_{inner}", span)

    def picked(self, node: ast.Subscript, read: Name) -> Term | None:
        match node.slice:
            case ast.Constant(value=int() as place) if type(place) is int and self.holder(node.value) is not None:
                names = self.places_in(node.value.id) if isinstance(node.value, ast.Name) else None
                if names is None and read.text not in self.module.packs:
                    return None
                wanted = (names or {}).get(place, "")
                part = self.held(read, place, wanted or f"{read.text}_{place}", self.places.span(node))
                if not wanted:
                    says = f"-s {part.text}=n,m"
                    said = f"`{part.text}` is the array `{read.text}[{place}]`; a matrix is declared: `{says}`"
                    self.module.unnamed[part.text] = Doubt(said)
                return part
        return None

    def places_in(self, name: str) -> Mapping[int, str] | None:
        """The names that parts by their numbers are assigned to, if a parameter holds several arrays."""
        function = self.scope.node if self.scope is not None else None
        asked = (id(function), name)
        if asked not in self.numbered:
            self.numbered[asked] = assigned(function, name) if picks_arrays(function, name) else None
        return self.numbered[asked]

    def attribute(self, node: ast.Attribute, span: Span) -> Term:
        """What an attribute of an object stands for: a number, or a parameter of that name."""
        name = attribute_of(node)
        known = node.attr in OF_ARRAYS or node.attr in self.module.functions  # x.mean, which lacks its brackets
        plain = name is None and not known and self.path(node) is None
        if plain and (holder := self.holder(node.value)) is not None:
            return self.by_word(holder, node.attr, span)
        if self.scope is None or self.scope.owner is None or name is None:
            return super().attribute(node, span)
        owner = self.scope.owner
        method = owner.methods.get(name)
        if method is not None and is_property(method):
            return self.scope.called(name, method, ast.copy_location(ast.Call(node, [], []), node), {})
        if (value := constant(owner, name)) is not None:
            return super().term(value)
        if method is not None or not is_given(owner, name):
            raise self.refuse(node, f"what '{name}' is cannot be read here", "make it a parameter of the method")
        return Name(normal_name(name), span)

    def call(self, node: ast.Call, span: Span) -> Term:
        """A call: that of a method of the same class, or of a layer, is taken in place."""
        name = attribute_of(node.func)
        match node:  # params.get("W")
            case ast.Call(func=ast.Attribute(value=value, attr="get"), args=[ast.Constant(value=str() as word), *_]):
                if word.isidentifier() and (holder := self.holder(value)) is not None:
                    return self.by_word(holder, word, span)
        if isinstance(node.func, ast.Lambda) and self.scope is not None:
            return self.scope.called("f", node.func, node, {**self.scope.outer, **self.scope.local})
        if self.scope is None or self.scope.owner is None or name is None:
            return super().call(node, span)
        owner = self.scope.owner
        if name in owner.methods:
            return self.scope.called(name, owner.methods[name], node, {})
        written = layer(owner, name, node)
        if written is None:
            raise self.refuse(node.func, f"'{name}' is no layer that can be read", "write what it computes")
        return self.term(written)

    def function(self, called: Called) -> Term:
        """A function of a library; one that ends in _ changes its first argument, too."""
        rows = self.scope.rows if self.scope else {}
        if called.name == "copy_":
            raise self.refuse(called.node, "what is copied into an array cannot be read", "assign it: `a = y`")
        name, arguments = called.name, [rows.get(a.id, a) if isinstance(a, ast.Name) else a for a in called.arguments]
        changes = in_place(name) and name not in HANDLERS
        value = super().function(called._replace(name=name[:-1] if changes else name, arguments=arguments))
        if not changes or not arguments:
            return value
        changed = arguments[0]
        while isinstance(changed, ast.Call) and isinstance(changed.func, ast.Attribute) and in_place(changed.func.attr):
            changed = changed.func.value  # x.mul_(2).add_(1)
        if seen_through(changed) is not None:
            raise self.refuse(changed, "an assignment to entries cannot be read", "assign the whole array")
        if not isinstance(changed, ast.Name):
            return value
        assert self.scope is not None
        if changed.id not in self.scope.local:
            raise self.refuse(changed, f"{changed.id} is changed, which is not of this function", "make it a parameter")
        self.scope.want_alone(changed, called.node)
        self.scope.bind(changed, value)
        return self.named(changed)

    def own(self, name: str, node: ast.Call) -> Term | None:
        assert self.scope is not None
        scope = self.scope
        for there, outer in ((scope.local, {**scope.outer, **scope.local}), (scope.outer, scope.outer)):
            found = there.get(name)
            if isinstance(found, ast.FunctionDef | ast.Lambda):
                return scope.called(name, found, node, outer)
            if found is not None:
                raise self.refuse(
                    node.func, f"'{name}' is a value here and cannot be called", "a product needs its sign"
                )
        function = node.func
        assert isinstance(function, ast.Name)
        value = self.module.value(function, scope.before)
        if isinstance(value, ast.FunctionDef | ast.Lambda):
            return scope.called(name, value, node, {})
        if value is not None:
            message = f"'{name}' is {ast.unparse(value)[:60]} here, which is no function that can be read"
            raise self.refuse(node.func, message, "write what it computes")
        return None
