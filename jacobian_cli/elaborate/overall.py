"""What libraries compute of all entries of a matrix, where one of each row or column may be meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jacobian_cli.elaborate.habits import MATRIX, habit
from jacobian_cli.elaborate.quoting import Typed
from jacobian_cli.elaborate.statement import PYTHON
from jacobian_cli.syntax.doubts import Doubt
from jacobian_cli.syntax.spelling import spelled
from jacobian_cli.syntax.tree import Call, Definition, Name, Term

_OF_ROWS = ("cov", "corrcoef")


def overall(typed: Typed, statement: Definition) -> Iterator[Doubt]:
    """`scipy.special.softmax(X)`, `np.exp(X)/np.exp(X).sum()`, `X/np.linalg.norm(X)`, `np.cov(X)`, `X - X.mean()`."""
    if statement.notation not in PYTHON:
        return
    named = {one.name: one.value for one in typed.statements if one.name}
    said = set[int]()
    for term in statement.terms:  # what stands around a part comes before it
        if not isinstance(term, Call) or id(term) in said:
            continue
        match term:
            case Call(function="exp", arguments=(Call(function="-", arguments=(x, Call() as total)) as inner,)) if (
                _total(typed, total, x, "logsumexp")
            ):
                said |= {id(inner), id(total)}
                yield _all(term, f"softmax({spelled(x)})")
            case Call(function="-", arguments=(x, Call() as total)) if _total(typed, total, x, "logsumexp"):
                said.add(id(total))
                yield _all(term, f"log_softmax({spelled(x)})")
            case Call(function="logsumexp", arguments=(x,), keywords=()) if typed.order(x) == MATRIX:
                yield _all(term, f"logsumexp({spelled(x)}, axis=1)")
            case Call(function="/", arguments=(x, total)) if (found := _divides(typed, named, x, total)) is not None:
                along = f"{spelled(found)[:-1]}, axis=1, keepdims=True)"
                own = isinstance(total, Call)
                rows = spelled(term).replace(spelled(found), along) if own else f"{spelled(x)}/{along}"
                yield Doubt(f"`{spelled(term)}` divides by one number, of all entries; each row by its own: `{rows}`")
            case Call(function=function, arguments=(x,), keywords=()) if function in _OF_ROWS:
                if typed.order(x) == MATRIX and not (isinstance(x, Call) and x.function == ".T"):
                    other = f"{function}({spelled(Call('.T', (x,), (), x.span))})"
                    yield Doubt(f"`{spelled(term)}` takes the rows for variables; for columns it is `{other}`")
            case Call(function="-", arguments=(x, mean)) if (found := _mean(typed, named, x, mean)) is not None:
                down = f"{found.function}({spelled(x)}, axis=0)"
                yield Doubt(f"`{spelled(found)}` is over all entries; of each column it is `{down}`")


def _all(term: Call, rows: str) -> Doubt:
    return Doubt(f"`{spelled(term)}` is over all entries, as the library has it; along the rows it is `{rows}`")


def _total(typed: Typed, total: Term, x: Term, function: str) -> bool:
    """Whether a part is a function of all entries of a matrix."""
    match total:
        case Call(function=found, arguments=(inner,), keywords=()) if found == function:
            return typed.order(inner) == MATRIX and spelled(inner) == spelled(x)
    return False


def _divides(typed: Typed, named: Mapping[str, Term], x: Term, total: Term) -> Call | None:
    """The norm of a matrix by which it is divided, or the sum of its exponentials."""
    total = named.get(total.text, total) if isinstance(total, Name) else total
    if isinstance(total, Call) and total.function in ("+", "maximum"):  # X/(norm(X) + eps)
        return next((found for part in total.arguments if (found := _divides(typed, named, x, part))), None)
    for function in ("norm", "sum"):
        if _total(typed, total, x, function) and isinstance(total, Call):
            whole = named.get(x.text, x) if isinstance(x, Name) else x
            grown = isinstance(whole, Call) and whole.function == "exp"
            return total if function == "norm" or grown else None
    return None


def _mean(typed: Typed, named: Mapping[str, Term], x: Term, mean: Term) -> Call | None:
    """The mean of all entries of a capital that is taken from it."""
    mean = named.get(mean.text, mean) if isinstance(mean, Name) else mean
    if not (isinstance(x, Name) and habit(x.text) == MATRIX and isinstance(mean, Call)):
        return None
    return mean if mean.function == "mean" and _total(typed, mean, x, "mean") else None
