"""What to write instead of what the language does not have, and what is wrong where Python's grammar says no."""

from __future__ import annotations

import re

from jacobian_cli.syntax.errors import InputError, Span

MAX_DEPTH = 200
MAX_DIGITS = 60

_KEYWORD_HINT = "this is a word of Python's grammar and cannot be a name; write `lam` for lambda, or `λ`"
PRODUCTS = "a matrix product is written `A@B`, an element-wise product `x*y`"
POWER = "a power is written `x**2`"
INVERSE = "a power is written `x**-1`, an inverse `inv(A)`"
TRANSPOSE = "a transpose is written `x.T`"
MENDS = {
    "^": POWER,
    "'": TRANSPOSE,
    "·": PRODUCTS,
    "×": PRODUCTS,
    "⊙": "an element-wise product is written `x*y`",
    "ᵀ": TRANSPOSE,
    "−": "the minus sign is written `-x`",
    "÷": "a quotient is written `x/2`",
    "√": "a square root is written `sqrt(x)`",
    "∑": "a sum is written `sum(x)`, along an axis `sum(X, axis=0)`",
    "∏": "a product of entries is written `prod(x)`",
    "‖": "a norm is written `norm(x)`",
    "⊗": "a Kronecker product is written `kron(A, B)`, an outer product `outer(x, y)`",
    "≤": "it is written `x <= y`",
    "≥": "it is written `x >= y`",
    "≠": "it is written `x != y`",
    "⁻": INVERSE,
    **dict.fromkeys("⁰¹²³⁴⁵⁶⁷⁸⁹ⁿ", POWER),
    "||": "a norm is written `norm(x)`",
    "|": "an absolute value is written `abs(x)`, a determinant `det(A)`",
    "{": "groups are written with round brackets: `2*(x + y)`",
    "!": "a factorial is not in the language",
    "%": "a remainder is written `mod(x, y)`",
}
NO_EXPRESSION = "this is not an expression"
OPERATORS = "operators are + - * / ** @, as in NumPy: `x**2`, `A@x`"


def syntax_error(error: SyntaxError, text: str, flat: str, indent: int) -> InputError:
    where = min(max((error.offset or 1) - 1 + indent, 0), len(text))
    here = Span(where, where + 1)
    reason = error.msg or "invalid syntax"
    end = len(text.rstrip())
    if "too many nested" in reason or "Parser stack" in reason:
        return InputError(f"the formula is nested too deeply (limit: {MAX_DEPTH} levels)", text=text)
    if "digits" in reason:
        return InputError(f"a number is too long: at most {MAX_DIGITS} digits are read", text=text)
    if "was never closed" in reason:
        return InputError(
            "this bracket is never closed", text=text, span=here, hint="a bracket that is opened is closed: `2*(x + y)`"
        )
    if "unmatched" in reason or "does not match" in reason:
        return InputError("this bracket was never opened", text=text, span=here)
    quote = re.search(r"(?<=[\w)\]])'", flat)
    if quote:
        return InputError("' is not in the language", text=text, span=Span(*quote.span()), hint=MENDS["'"])
    if "unterminated string" in reason:
        return InputError("this quotation is never closed", text=text, span=here)
    bars = re.search(r"\|\|?", flat)
    if bars:
        return InputError(f"{bars[0]} is not in the language", text=text, span=Span(*bars.span()), hint=MENDS[bars[0]])
    for at, character in enumerate(text):
        if character in MENDS:
            span = Span(at, at + 1)
            return InputError(f"{character} is not in the language", text=text, span=span, hint=MENDS[character])
    keyword = re.search(r"\b(lambda|in|is|as|if|for|not|and|or|def|class|import|from|with|del|pass)\b", flat)
    if keyword:
        span = Span(*keyword.span())
        return InputError(f"'{keyword[0]}' cannot be read here", text=text, span=span, hint=_KEYWORD_HINT)
    if where >= end or text[:end].endswith(("+", "-", "*", "/", "@", "<", ">", "=", "(", ",", "[")):
        return InputError("the formula ends too early", text=text, span=Span(end, end + 1))
    return InputError(
        NO_EXPRESSION,
        text=text,
        span=here,
        hint=f"{OPERATORS}; a product needs its sign (`2*x`, not 2x)",
    )
