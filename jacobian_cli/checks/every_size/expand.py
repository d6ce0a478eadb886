"""Formulas in few functions: what is short for others is written out, as its definition says.

Only meanings are taken from the table of functions, never a derivative; what is said here of rows of entries, and of
functions without a definition there, is said on purpose a second time.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

from jacobian_cli.elaborate.row_text import meaning
from jacobian_cli.expr import Apply, Constant, Defined, Expr, Extent, Number, Variable, rebuild, walk, with_parts
from jacobian_cli.ops import FUNCTIONS, Kind
from jacobian_cli.ops.rules import parsed
from jacobian_cli.shape import product

PLAIN = frozenset(
    ("+ * ** exp log sin cos erf arcsin arctan arcsinh arccosh arctanh erfinv polygamma lgamma digamma sign floor where"
     " > < >= <= == != sum prod max largest sort argsort cumsum cumprod inv det logdet cholesky eigvalsh eigvecs"
     " svdvals spectral_norm nuclear_norm polar pinv sqrtm expm").split()
)  # fmt: skip
"""What is not written out. All that rearranges entries, or sums products of them, is left too."""
_TEXTS = {
    "-": "x + -1*y",
    "u-": "-1*x",
    "/": "x*y**-1",
    "sqrt": "x**(1/2)",
    "abs": "x*sign(x)",
    "tan": "sin(x)*cos(x)**-1",
    "sinh": "(exp(x) + -1*exp(-1*x))*(1/2)",
    "cosh": "(exp(x) + exp(-1*x))*(1/2)",
    "tanh": "1 + -2*(exp(2*x) + 1)**-1",
    "sigmoid": "(1 + exp(-1*x))**-1",
    "logaddexp": "log(exp(x) + exp(y))",
    "softplus": "log(1 + exp(x))",
    "maximum": "where(x > y, x, y)",
    "minimum": "where(x > y, y, x)",
    "relu": "where(x > 0, x, 0)",
    "arccos": "pi/2 + -1*arcsin(x)",
    "arctan2": "2*arctan(y*((x**2 + y**2)**(1/2) + x)**-1)",
    "erfc": "1 + -1*erf(x)",
    "hypot": "(x**2 + y**2)**(1/2)",
    "cbrt": "x**(1/3)",
    "xlogy": "x*log(y)",
    "ceil": "-1*floor(-1*x)",
    "round": "floor(x + 1/2)",
    "trunc": "sign(x)*floor(x*sign(x))",
    "min": "-1*max(-1*x, axis={a}, keepdims={k})",
    "smallest": "largest(-1*x, axis={a})",
    "mean": "sum(x, axis={a}, keepdims={k})/N",
    "norm": "sum(x**2, axis={a}, keepdims={k})**(1/2)",
    "norm1": "sum(x*sign(x), axis={a}, keepdims={k})",
    "var": "sum((x - mean(x, axis={a}, keepdims=True))**2, axis={a}, keepdims={k})/N",
    "std": "(sum((x - mean(x, axis={a}, keepdims=True))**2, axis={a}, keepdims={k})/N)**(1/2)",
    "logsumexp": "log(sum(exp(x), axis={a}, keepdims={k}))",
    "softmax": "exp(x)/sum(exp(x), axis={a}, keepdims=True)",
    "softmin": "exp(-1*x)/sum(exp(-1*x), axis={a}, keepdims=True)",
    "log_softmax": "x - log(sum(exp(x), axis={a}, keepdims=True))",
    "normalize": "x/sum(x**2, axis={a}, keepdims=True)**(1/2)",
    "layernorm": "(x - mean(x, axis={a}, keepdims=True))/std(x, axis={a}, keepdims=True)",
    "rmsnorm": "x/(sum(x**2, axis={a}, keepdims=True)/N)**(1/2)",
    "prod_of_others": "prod(x, axis={a}, keepdims=True)/x",
    "logcumsumexp": "log(cumsum(exp(x), axis={a}))",
    "cofactors": "det(x)*inv(x).T",
    "slogdet": "log(det(x)*sign(det(x)))",
}


class UnknownError(Exception):
    """A function of which nothing is known here."""


@lru_cache(maxsize=64)
def expanded(expr: Expr) -> Expr:
    """The same in the functions of `PLAIN`, and such as rearrange entries or sum products.

    >>> from jacobian_cli.elaborate import elaborate
    >>> from jacobian_cli.syntax.parser import parse_statement
    >>> from jacobian_cli.printers.language import text
    >>> text(expanded(elaborate([parse_statement("sigmoid(c)")], {"c": ()}).output))
    '(1 + exp(-1*c))**-1'

    Raises `UnknownError` for a function that a user registered, and for others of which nothing is known here.
    """
    made: dict[Expr, Expr] = {}

    def grown(node: Expr) -> Expr:
        if node not in made:
            made[node] = _grown(node, grown)
        return made[node]

    for node in walk([expr]):  # children first, so that nothing recurses deeply
        grown(node)
    return made[expr]


def _grown(node: Expr, grown: Callable[[Expr], Expr]) -> Expr:
    if isinstance(node, Defined):
        return grown(node.body)
    if not isinstance(node, Apply):
        return node
    parts = {child: grown(child) for child in node.children}
    node = with_parts(node, parts)
    assert isinstance(node, Apply)
    if node.function == "**":
        return _power(node, grown)
    if node.function == "exp":
        return _exponential(node, grown)
    if node.function in ("sin", "cos"):
        return _turned(node, grown)
    if node.function == "sign" and positive(node.arguments[0]):
        return grown(written("x**0", node))
    row = FUNCTIONS[node.function]
    if row.own is not None:
        raise UnknownError(node.function)
    if node.function in PLAIN:
        return node
    text = _TEXTS.get(node.function, "" if row.kind in (Kind.ROW, Kind.REDUCTION, Kind.SHARE) else row.definition)
    if not text:
        if row.kind in (Kind.CONTRACTION, Kind.SHAPE):
            return node
        raise UnknownError(node.function)
    if row.kind is Kind.CORE and len(node.arguments[0].shape) != len(parsed(row.signatures[0])[0][0]):
        raise UnknownError(node.function)  # a definition of one matrix, of a batch of them
    return grown(written(text, node))


def written(text: str, node: Apply) -> Expr:
    """A text in the names of the parameters of a function, of the arguments of this call."""
    names = FUNCTIONS[node.function].parameters
    shapes = tuple(a.shape for a in node.arguments)
    options, first = dict(node.parameters), shapes[0]
    row = FUNCTIONS[node.function]
    axes: tuple[int, ...] = options.get("axis", ())
    if not axes:
        axes = tuple(range(len(first))) if row.kind in (Kind.REDUCTION, Kind.SHARE) else (-1,) if first else ()
    count = product([first[axis] for axis in axes])
    if row.kind is Kind.CORE and first:
        count = first[0]
    if not first and "axis=" in text:  # of one number
        text = text.replace(", axis={a}", "").replace(", keepdims={k}", "").replace(", keepdims=True", "")
    body = meaning(
        text.format(a=f"({', '.join(map(str, axes))},)", k=bool(options.get("keepdims"))) if "{" in text else text,
        names,
        shapes,
        count,
    )
    given = dict(zip(names, node.arguments, strict=True))
    return rebuild(body, lambda part: given[part.name] if isinstance(part, Variable) else None)


def _power(node: Apply, grown: Callable[[Expr], Expr]) -> Expr:
    """A power is one to a rational number, or an exponential: x**(y + c) is exp(y*log(x))*x**c. A whole power of a
    power is one power.
    """
    x, y = node.arguments
    outer = constant(y)
    if outer is not None:
        inner = constant(x.arguments[1]) if isinstance(x, Apply) and x.function == "**" else None
        if inner is None or outer.denominator != 1 or (inner * outer).denominator == 1:
            return node
        return Apply("**", (x.children[0], Number(inner * outer)), node.parameters, node.shape)
    total, others = Fraction(0), list[Expr]()
    for term in _summands(y):
        number = constant(term)
        if number is None:
            others.append(term)
        else:
            total += number
    found = grown(composed("exp(y*log(x))", x=x, y=_summed(others)))
    return grown(composed("x*y", x=found, y=grown(composed("x**y", x=x, y=Number(total))))) if total else found


def _exponential(node: Apply, grown: Callable[[Expr], Expr]) -> Expr:
    """exp(a + c*log(t)) is exp(a)*t**c, also where entries of the logarithm have been put elsewhere."""
    (argument,) = node.arguments
    if isinstance(argument, Apply) and argument.function in _MOVES:
        inside = grown(composed("exp(x)", x=argument.arguments[0]))
        if not (isinstance(inside, Apply) and inside.function == "exp"):
            return Apply(argument.function, (inside, *argument.arguments[1:]), argument.parameters, argument.shape)
        return node
    others, factors = list[Expr](), list[Expr]()
    for term in _summands(argument):
        made = _of_logarithm(term, grown)
        if made is None:
            others.append(term)
        else:
            factors.append(made)
    if not factors:
        return node
    if others:
        factors.insert(0, grown(composed("exp(x)", x=_summed(others))))
    found = factors[0]
    for factor in factors[1:]:
        found = grown(composed("x*y", x=found, y=factor))
    return found if found.shape == node.shape else node


def _turned(node: Apply, grown: Callable[[Expr], Expr]) -> Expr:
    """A quarter turn makes a cosine of a sine: sin(x + pi/2) is cos(x), and cos(x + pi/2) is -sin(x)."""
    terms, quarter = _summands(node.arguments[0]), grown(composed("x/2", x=Constant("pi")))
    others = [term for term in terms if term is not quarter]
    if len(others) != len(terms) - 1 or not others:
        return node
    return grown(composed("cos(x)" if node.function == "sin" else "-1*sin(x)", x=_summed(others)))


_MOVES = frozenset(("[]", "reshape", "transpose", ".T"))


def _of_logarithm(term: Expr, grown: Callable[[Expr], Expr]) -> Expr | None:
    """exp of a term, if that is a multiple of a logarithm, or one whose entries are elsewhere."""
    match term:
        case Apply("log", (inside,)):
            return inside
        case Apply("*", (scale, Apply("log", (inside,)))) if (number := constant(scale)) is not None:
            return grown(composed("x**y", x=inside, y=Number(number)))
        case Apply("*", (scale, Apply() as moved)) if constant(scale) == -1:
            found = _of_logarithm(moved, grown)
            return found and grown(composed("x**-1", x=found))
        case Apply(function, (inner,)) if function in _MOVES:
            found = _of_logarithm(inner, grown)
            return found and Apply(function, (found,), term.parameters, term.shape)
        case Apply("@", (inner, Apply(".T", (Apply("ones"),)) as ones)) if len(inner.shape) == 1:
            found = _of_logarithm(inner, grown)
            return found and Apply("@", (found, ones), term.parameters, term.shape)
    return None


def _summands(node: Expr) -> list[Expr]:
    if not (isinstance(node, Apply) and node.function == "+"):
        return [node]
    return [term for part in node.arguments for term in _summands(part)]


def _summed(terms: list[Expr]) -> Expr:
    found = terms[0]
    for term in terms[1:]:
        found = composed("x + y", x=found, y=term)
    return found


def positive(node: Expr) -> bool:
    """Whether a value is seen to be positive."""
    match node:
        case Number(value):
            return value > 0
        case Extent() | Constant() | Apply("exp" | "ones"):
            return True
        case Apply("+" | "*" | "sum" | "**" | "[]" | "reshape" | "transpose" | ".T", (first, *others)):
            if node.function == "+":
                return all(map(positive, node.arguments))
            return positive(first) and (node.function != "*" or all(map(positive, others)))
    return False


def composed(text: str, **values: Expr) -> Expr:
    """A text in these names, of these values."""
    body = meaning(text, tuple(values), tuple(value.shape for value in values.values()))
    return rebuild(body, lambda part: values[part.name] if isinstance(part, Variable) else None)


@lru_cache(maxsize=1024)
def constant(node: Expr) -> Fraction | None:
    """The rational number that an expression is at every size; None if it is none."""
    match node:
        case Number(value):
            return value
        case Defined(_, body):
            return constant(body)
        case Extent(size):
            return None if size.value is None else Fraction(size.value)
        case Apply(function, arguments) if function in ("+", "*", "**", "-", "/", "u-"):
            found = [constant(a) for a in arguments]
            if any(value is None for value in found):
                return None
            return _worked(function, [value for value in found if value is not None])
    return None


def _worked(function: str, values: list[Fraction]) -> Fraction | None:
    first, *others = values
    match function:
        case "u-":
            return -first
        case "+":
            return first + others[0]
        case "-":
            return first - others[0]
        case "*":
            return first * others[0]
        case "/":
            return first / others[0] if others[0] else None
    if others[0].denominator != 1 or (not first and others[0] < 0) or abs(others[0]) > 64:
        return None
    return Fraction(first ** int(others[0]))
