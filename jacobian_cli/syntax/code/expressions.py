"""NumPy, PyTorch and JAX as they are typed: Python's grammar, the libraries' functions and methods."""

from __future__ import annotations

import ast
import re
from fractions import Fraction

from jacobian_cli.syntax.code.arguments import LOST, Arguments, Called, is_truth
from jacobian_cli.syntax.code.attributes import Attributes
from jacobian_cli.syntax.code.functions import HANDLERS, LAYERS
from jacobian_cli.syntax.code.modules import kind_of, written
from jacobian_cli.syntax.code.places import is_parts
from jacobian_cli.syntax.code.python import Places, as_number, library_of, more, names_of, parsed
from jacobian_cli.syntax.code.running import of_ufunc
from jacobian_cli.syntax.errors import InputError, Span
from jacobian_cli.syntax.libraries import (
    APART,
    DENSITIES,
    MODULES,
    NUMPY,
    OWN,
    REFUSED,
    REWRITE,
    SHARED,
    TORCH,
    UFUNC_METHODS,
    WITHIN,
    is_unread,
)
from jacobian_cli.syntax.names import Known
from jacobian_cli.syntax.parser import BINARY, COMPARE, defined_name, normal_name, on_one_line, want_short
from jacobian_cli.syntax.tokens import number, too_deep, want_shallow
from jacobian_cli.syntax.tree import Call, Definition, Dots, Flag, Group, Literal, Name, Term, Text

_BINARY = {**BINARY, ast.MatMult: "?matmul"}
_LEFT = re.compile(r"\s*[^\W\d]\w*\s*=(?!=)")
_ATTRIBUTES = frozenset("T mT H mH real data values".split())
WITH_VALUES = frozenset(("clamp_min", "clamp_max")).union(
    "dot matmul mm mv bmm add sub mul div pow outer ger kron inner vdot cross maximum minimum lerp addmm addmv baddbmm "
    "where gather index_select take take_along_dim reshape view expand permute transpose swapaxes repeat tile clamp "
    "clip masked_fill fill_diagonal_ split chunk unfold solve add_ sub_ mul_ div_ pow_ unsqueeze squeeze narrow".split()
)
"""Methods of arrays that take values, or sizes by their names."""
_OPTIONS = frozenset("axis dim dims n k p d ord".split())


def _is_option(node: ast.expr) -> bool:
    """Whether an argument says how, rather than of what."""
    match node:
        case ast.Constant() | ast.UnaryOp(operand=ast.Constant()):
            return True
        case ast.Name(id=name):
            return name in _OPTIONS
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return all(map(_is_option, items))
    return False


_ARRAYS = frozenset(("Tensor", "ndarray"))
"""Classes of arrays."""
_ALWAYS = frozenset("max min".split())
_LINALG = frozenset("linalg LA la".split())
"""Modules of linear algebra, by names that several libraries have them by."""


def read(text: str, known: Known, notation: str = NUMPY, guessed: bool = False) -> Definition:
    """A formula or a definition in the spelling of a library.

    >>> read("np.exp(x)", Known([], ["exp"])).value.function
    'exp'
    """
    want_short(text)
    name = defined_name(text)
    left = _LEFT.match(text)
    flat = on_one_line(text)
    start = left.end() if left and name else 0
    if not flat[start:].strip():
        raise InputError("there is no formula", text=text)
    flat = "(" + " " * (start - 1) + flat[start:] + ")" if start else f"({flat})"
    shift = 1 if not start else 0
    tree = parsed(flat, text, -shift)
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        raise InputError("this is not an expression", text=text)
    code = Code(text, Places(flat, -shift), known, library_of(text) if guessed else notation)
    try:
        node = tree.body[0].value
        value = want_shallow(code.term(as_number(node)), text)
        if is_parts(value) or (isinstance(value, Group) and isinstance(node, ast.Call)):
            whole = " ".join(text[start:].split())
            items = value.items if isinstance(value, Group) else ()
            place = next(
                (k for k, item in enumerate(items) if not (isinstance(item, Call) and item.function == LOST)), 0
            )
            raise code.refuse(node, "this is a list of values", f"pick one of them: `{whole}[{place}]`")
    except RecursionError:
        raise too_deep(text) from None
    return Definition(name, value, text, tuple(code.doubts), code.library or NUMPY)


class Code(Attributes):
    """Reads expressions of Python's tree."""

    # ---- for those who know more of names ---------------------------------------------------------------------------

    def named(self, node: ast.Name) -> Term:
        """What a name stands for."""
        return self.given.get(node.id) or Name(normal_name(node.id), self.places.span(node))

    def applied(self, function: ast.Lambda, node: ast.Call) -> Term:
        """A `lambda` that is applied where it stands."""
        names = [argument.arg for argument in function.args.args]
        if len(names) != len(node.args) or node.keywords or more(function.args):
            raise self.refuse(node, f"the lambda takes {len(names)} arguments, not {len(node.args)}")
        terms = dict(zip(names, map(self.term, node.args), strict=True))
        before, self.given = self.given, {**self.given, **terms}
        try:
            return self.term(function.body)
        finally:
            self.given = before

    def own(self, name: str, node: ast.Call) -> Term | None:
        """The value of a call of a function that the text itself defines."""
        del name, node
        return None

    def imported(self, name: str) -> str:
        """The dotted name that a name which stands alone was imported by, or itself."""
        return self.aliases.get(name, name)

    def converts(self, node: ast.expr) -> bool:
        """Whether all that stands for a value is what `torch.tensor` makes of it, which is held fixed."""
        names = names_of(node)
        return not names or (
            isinstance(node, ast.Name) and len(re.findall(rf"\b{re.escape(node.id)}\b", self.text)) == 1
        )

    # ---- the walk ---------------------------------------------------------------------------------------------------

    def term(self, node: ast.expr) -> Term:
        span = self.places.span(node)
        match node:
            case ast.Name():
                return self.named(node)
            case ast.Constant():
                return self.constant(node, span)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return Call(_BINARY[type(op)], (self.term(left), self.term(right)), (), span)
            case ast.BinOp(left=left, op=ast.FloorDiv(), right=right):
                parts = (self.term(left), self.term(right))
                return Call("floor", (Call("/", parts, (), span),), (), span)
            case ast.BinOp(op=ast.BitXor() | ast.BitAnd() | ast.BitOr()):
                return self.of_truths(node, span)
            case ast.UnaryOp(op=ast.Invert(), operand=operand) if is_truth(truth := self.term(operand)):
                return Call("-", (Literal(Fraction(1), span), truth), (), span)
            case ast.BinOp():
                raise self.refuse(node, "this operator is not in the language", "operators are + - * / ** @")
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                value = self.term(operand)
                return Literal(-value.value, span) if isinstance(value, Literal) else Call("u-", (value,), (), span)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.term(operand)
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in COMPARE:
                return Call(COMPARE[type(op)], (self.term(left), self.term(right)), (), span)
            case ast.Attribute():
                return self.attribute(node, span)
            case ast.Subscript():
                return self.subscript(node, span)
            case ast.Call():
                return self.call(node, span)
            case ast.Tuple(elts=items):
                return Group(tuple(map(self.term, items)), span)
            case ast.List(elts=items):
                return Call("stack", tuple(map(self.term, items)), (), span)
            case ast.IfExp(test=test, body=body, orelse=other):
                spans = (self.places.span(part) for part in (test, body, other))
                said = ", ".join(" ".join(self.text[start:stop].split()) for start, stop in spans)
                raise self.refuse(node, "a choice between two formulas cannot be read", f"write `where({said})`")
            case ast.ListComp() | ast.GeneratorExp() | ast.SetComp() | ast.DictComp():
                raise self.refuse(node, "a loop in brackets cannot be read", "write it as a formula of arrays")
        raise self.refuse(node, "this is not in the language", "jac functions lists what is")

    def of_truths(self, node: ast.BinOp, span: Span) -> Term:
        """`&`, `|` and `^` of comparisons; of numbers `^` is no power in Python."""
        parts = (self.term(node.left), self.term(node.right))
        if all(map(is_truth, parts)):
            return Call({ast.BitAnd: "*", ast.BitOr: "maximum"}.get(type(node.op), "!="), parts, (), span)
        if not isinstance(node.op, ast.BitXor):
            raise self.refuse(node, "only comparisons are joined by & and |", "as in `where(x > 0, y, 0)`")
        texts = (self.text[part.start : part.stop] for part in map(self.places.span, (node.left, node.right)))
        raise self.refuse(node, "^ is no power in Python", f"write `{'**'.join(texts)}`")

    def constant(self, node: ast.Constant, span: Span) -> Term:
        match node.value:
            case bool() | None:
                return Flag(node.value, span)
            case int() | float():
                written = self.text[span.start : span.stop] or str(node.value)
                if re.fullmatch(r"[0-9._eE+-]+", written):
                    return Literal(number(written.replace("_", ""), self.text, span), span)
                if isinstance(node.value, int) and len(written) < 60:
                    return Literal(Fraction(node.value), span)
            case str():
                return Text(node.value, span)
            case value if value is Ellipsis:
                return Dots(span)
        raise self.refuse(node, "this is no number of the language")

    # ---- calls ------------------------------------------------------------------------------------------------------

    def call(self, node: ast.Call, span: Span) -> Term:
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                raise self.refuse(argument, "* before an argument is not in the language")
        match node.func:
            case ast.Name(id=name):
                own = self.own(name, node)
                if own is not None:
                    return own
                path = self.imported(name).split(".")
                library = MODULES.get(path[0], "") if len(path) > 1 else ""
                module = ".".join(path[:-1])
                if len(path) > 1 and not library:
                    raise self.refuse(node.func, f"'{name}' is of {module}, which cannot be read", REWRITE)
                return self.function(Called(path[-1], library, node, list(node.args), span, module=module))
            case ast.Attribute(value=owner, attr=name) as function:
                words = self.path(function)
                if words is None and isinstance(owner, ast.Name) and self.is_density(owner.id, name):
                    module = f"stats.{owner.id}"
                    return self.function(Called(name, NUMPY, node, list(node.args), span, module=module))
                if words is None:
                    return self.method(name, node, owner, span)
                if "random" in words[:-1]:
                    name = "random"
                library = MODULES[words[0]]
                if words[-2] in _ARRAYS and node.args:  # torch.Tensor.repeat(x, 2) is x.repeat(2)
                    return self.function(Called(name, library, node, list(node.args), span, method=True))
                if words[0] in _LINALG and self.library:
                    library = self.library
                module = ".".join(words[:-1])
                return self.function(Called(name, library, node, list(node.args), span, module=module))
            case ast.Lambda() as function_:
                return self.applied(function_, node)
            case ast.Call() as made if self.is_module(made.func):
                if (call := written(made, node, node.args)) is None:
                    raise self.refuse(
                        made, f"'{kind_of(made)}' is no module that can be read", "write what it computes"
                    )
                return self.call(call, span)
        raise self.refuse(node.func, "only functions of the language can be called", "jac functions lists them")

    def is_density(self, owner: str, name: str) -> bool:
        """Whether `norm.logpdf` is SciPy's, where nobody says so."""
        return owner in ("norm", "multivariate_normal") and name in DENSITIES and not self.shadowed(owner)

    def is_module(self, function: ast.expr) -> bool:
        """Whether a call makes one of PyTorch's modules: nn.Softmax(dim=1)."""
        match function:
            case ast.Name(id=name):
                path = self.aliases.get(name, "").split(".")
            case _:
                path = self.path(function) or [""]
        return MODULES.get(path[0]) == TORCH and path[-1][:1].isupper()

    def method(self, name: str, node: ast.Call, owner: ast.expr, span: Span) -> Term:
        """A method of what stands before the dot. An undeclared name there may be meant as a module: with arguments
        that no array's method takes, it is.
        """
        root: ast.expr = owner
        while isinstance(root, ast.Attribute):
            root = root.value
        unknown = isinstance(root, ast.Name) and bool(node.args) and not self.shadowed(root.id)
        inside = isinstance(owner, ast.Attribute) and owner.attr not in _ATTRIBUTES
        named = isinstance(root, ast.Name) and len(root.id) > 1 and name not in WITH_VALUES
        module = unknown and (name in LAYERS or inside or (named and not all(map(_is_option, node.args))))
        try:
            if not module:
                return self.function(Called(name, self.library, node, [owner, *node.args], span, method=True))
        except InputError:
            if not unknown:
                raise
        raise self.refuse(
            owner,
            f"this is no module that is known here, and no array with a method '{name}' of such arguments",
            "modules are np, torch, F, jax, tf and the like; a function may also stand alone",
        )

    def function(self, called: Called) -> Term:
        """What a function of a library is in the language."""
        name, library, node, arguments, span, method, module = called
        if module == "math" and arguments and names_of(arguments[0]):
            inner = self.function(called._replace(module="numpy"))
            return Call("?upto", (inner, self.term(arguments[0]), Literal(Fraction(0), span)), (), span)
        call = Arguments(self, called)
        if name == "sum" and not (method or module or node.keywords) and len(arguments) == 1:
            return Call("?rows", (self.term(arguments[0]),), (), called.span)  # Python's own
        if not method and not module and name in self.known.functions and name not in _ALWAYS:
            return call.plain()
        if is_unread(module):
            raise self.refuse(node.func, f"'{name}' is of {module}, which cannot be read", REWRITE)
        if name in UFUNC_METHODS and "." in module and module.rpartition(".")[2] not in MODULES:
            return of_ufunc(call)
        within = WITHIN.get(module.rpartition(".")[2], {}).get(name)
        handler = HANDLERS.get(name)
        if handler is not None and within is None:
            if not arguments and not (node.keywords and name in LAYERS):
                raise self.refuse(node.func, f"'{name}' wants an argument")
            return handler(call)
        row = within or OWN.get(library or NUMPY, {}).get(name) or SHARED.get(name)
        if row is not None:
            return call.spelled(row)
        if name in REFUSED:
            raise self.refuse(node.func, f"'{name}' is not in the language", REFUSED[name])
        if name in self.known.functions and not (module and name in APART):
            return call.plain()
        raise self.refuse(node.func, f"'{name}' is not known here", "jac functions lists the functions of the language")
