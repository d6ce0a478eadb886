"""Classes: their methods, and what the attributes of an object stand for.

`self.W` is a parameter called W, a number that `__init__` assigns is that number, and a layer is what it computes:
`self.fc = nn.Linear(3, 4)` makes `self.fc(x)` the product with W_fc, and b_fc added.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from jacobian_cli.syntax.code.modules import kind_of, written

_CALLED = ("forward", "__call__", "call")
"""Methods that are meant where a class is."""


@dataclass(frozen=True, slots=True)
class Class:
    """A class of the source."""

    node: ast.ClassDef
    methods: dict[str, ast.FunctionDef]
    attributes: dict[str, ast.expr]
    """What is assigned in the class and in its `__init__`."""

    def asked(self) -> list[str]:
        """The methods that may be meant: the one that a layer is called by, or those that no other one calls."""
        if called := [name for name in _CALLED if name in self.methods]:
            return called[:1]
        names = [name for name in self.methods if not name.startswith("__")]
        used = {
            node.attr
            for method in self.methods.values()
            for node in ast.walk(method)
            if isinstance(node, ast.Attribute) and _is_self(node.value)
        }
        return [name for name in names if name not in used] or names


def class_of(node: ast.ClassDef) -> Class:
    """What a class holds."""
    methods = {item.name: item for item in node.body if isinstance(item, ast.FunctionDef)}
    attributes: dict[str, ast.expr] = {}
    for statement in (*node.body, *(methods["__init__"].body if "__init__" in methods else ())):
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name) | ast.Attribute(attr=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name) | ast.Attribute(attr=name), value=ast.expr() as value)
            ):
                attributes[name] = value
    return Class(node, methods, attributes)


def attribute_of(node: ast.AST) -> str | None:
    """The W of `self.W`."""
    return node.attr if isinstance(node, ast.Attribute) and _is_self(node.value) else None


def parameters(owner: Class) -> set[str]:
    """The attributes that are neither methods nor numbers."""
    used = {found for method in owner.methods.values() for node in ast.walk(method) if (found := attribute_of(node))}
    return {name for name in used if name not in owner.methods and constant(owner, name) is None}


def default_number(owner: Class, name: str) -> ast.expr | None:
    """The number that a parameter of `__init__` is where it is left out, of an attribute that it is assigned to."""
    made, value = owner.methods.get("__init__"), owner.attributes.get(name)
    if made is None or not isinstance(value, ast.Name):
        return None
    plain = [*made.args.posonlyargs, *made.args.args]
    pairs = [*zip(plain[::-1], made.args.defaults[::-1], strict=False)]
    pairs += [(a, v) for a, v in zip(made.args.kwonlyargs, made.args.kw_defaults, strict=True) if v is not None]
    found = next((number for argument, number in pairs if argument.arg == value.id), None)
    return found if found is not None and _is_number(found) else None


def _is_number(value: ast.expr) -> bool:
    numbers = ast.Constant | ast.UnaryOp | ast.BinOp | ast.operator | ast.unaryop
    parts = [*ast.walk(value)]
    constants = [part.value for part in parts if isinstance(part, ast.Constant)]
    return all(isinstance(part, numbers) for part in parts) and all(type(c) in (int, float) for c in constants)


def is_given(owner: Class, name: str) -> bool:
    """Whether an attribute is a parameter of its own: nothing, a name or a call makes it, and no other formula."""
    return isinstance(owner.attributes.get(name, ast.Name("x")), ast.Name | ast.Call | ast.Constant)


def is_property(method: ast.FunctionDef) -> bool:
    """Whether a method is called by its name alone."""
    return any(isinstance(one, ast.Name) and one.id in ("property", "cached_property") for one in method.decorator_list)


def constant(owner: Class, name: str) -> ast.expr | None:
    """The number that an attribute is."""
    value = owner.attributes.get(name)
    numbers = ast.Constant | ast.UnaryOp | ast.BinOp | ast.operator | ast.unaryop
    return value if value is not None and all(isinstance(part, numbers) for part in ast.walk(value)) else None


def layer(owner: Class, name: str, node: ast.Call) -> ast.expr | None:
    """What the call of a layer computes, written with functions and parameters."""
    made = owner.attributes.get(name)
    if not isinstance(made, ast.Call):
        return None
    return _layer(made, name, node, list(node.args))


def _layer(made: ast.Call, name: str, node: ast.Call, arguments: list[ast.expr]) -> ast.expr | None:
    options = {keyword.arg: keyword.value for keyword in made.keywords}
    kind = kind_of(made)
    if kind == "Sequential" and len(arguments) == 1 and not options and not node.keywords:
        value: ast.expr | None = arguments[0]
        for place, inner in enumerate(made.args):
            if value is None or not isinstance(inner, ast.Call):
                return None
            value = _layer(inner, f"{name}_{place}", node, [value])
        return value
    if kind == "Linear" and len(arguments) == 1 and len(made.args) < 4 and not node.keywords:
        bias = options.get("bias", made.args[2] if len(made.args) > 2 else ast.Constant(True))
        if not isinstance(bias, ast.Constant):
            return None
        weights = [f"self.W_{name}", f"self.b_{name}"][: 1 + bool(bias.value)]
        return _written(f"F.linear(x, {', '.join(weights)})", node, arguments[0])
    if kind == "Identity" and len(arguments) == 1:
        return arguments[0]
    return written(made, node, arguments, changing=True)


def _written(text: str, node: ast.Call, argument: ast.expr) -> ast.expr:
    """An expression that stands where a call does, of the same argument."""
    found = ast.parse(text, mode="eval").body
    assert isinstance(found, ast.Call)
    for part in ast.walk(found):
        ast.copy_location(part, node)
    found.args[0] = argument
    return found


def _is_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"
