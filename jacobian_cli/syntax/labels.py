"""What stands before a formula in a paper and says no more than what it is: GELU(x) = …, log p(y|x) = …"""

from __future__ import annotations

import re
from collections.abc import Collection

_NAME = (
    r"(?:\\(?:text|mathrm|mathsf|mathbf|mathit|mbox|operatorname)\s*\{\s*(?P<word>[A-Za-z]+)\s*\}"
    r"|\\?(?P<name>[^\W\d_]+))(?:_(?:\w|\{\w+\}|\{\\(?:text|mathrm)\{\w+\}\}))?"
)
_LABEL = re.compile(
    rf"\s*(?P<log>\\?(?:log|ln)(?![A-Za-z])\s*)?{_NAME}\s*\((?P<arguments>[^()=+*/^<>\[\]−-]{{1,80}})\)\s*(?:_\w|_\{{\w+\}})?"
    r"\s*&?\s*(?::?=|\\coloneqq|\\triangleq|≔|≜)(?!=)\s*"
)
_BAR = re.compile(r"[|‖∥]|\\mid(?![A-Za-z])|\\Vert(?![A-Za-z])")
_LETTER = re.compile(r"\\[A-Za-z]+|[^\W\d_]")


def unlabelled(text: str, functions: Collection[str]) -> str:
    r"""A text without the side that only says what the other is: a function of the table, or a density or divergence,
    of what stands on the other side. A definition, `f(x) = …`, stays, and so does an equation.

    >>> unlabelled("GELU(x) = x*Phi(x)", ["gelu"]).strip(), unlabelled("f(x) = x", ["gelu"])
    ('x*Phi(x)', 'f(x) = x')
    >>> unlabelled(r"\log p(y|X) = -y^T y", []).strip(), unlabelled("log(x) = y", ["log"])
    ('-y^T y', 'log(x) = y')
    """
    found = _LABEL.match(text) if "(" in text and "=" in text else None
    if found is None:
        return text
    name, arguments, rest = found["word"] or found["name"], found["arguments"], text[found.end() :]
    conditioned = bool(_BAR.search(arguments))
    known = not found["log"] and (name in functions or name.lower() in functions)
    spoken_of = any(letter in rest for letter in _LETTER.findall(arguments))
    if not rest.strip() or not (conditioned or (known and spoken_of)):
        return text
    return " " * found.end() + rest
