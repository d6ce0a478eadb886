"""The signs and words by which a text tells which notation it is in."""

from __future__ import annotations

import re
from collections.abc import Collection

from jacobian_cli.syntax.statements import FUNCTION, JULIA_MODULE

_LATEX = re.compile(r"\\[A-Za-z]{2,}|\^\s*\\|\\T\s+(?=[A-Za-z])|\\ +[-+=]|\\[|,;!{]|^\s*\\[(\[]|\$|\\\\")
_WORD = re.compile(r"\\([A-Za-z]{2,})")
_OPERAND = re.compile(r"[\w)\]'] ?\Z")
_ENTRYWISE = re.compile(r"\.[*/^'] ?\w|[\w)\]]' ?\*")
"""Signs of MATLAB that stand in no formula of LaTeX."""
_CODE = re.compile(
    r"\[range\(|\(lambda \w[\w, ]*:|\b(?:np|numpy|jnp|jax|torch|F|nn|math|tf|scipy)\.(?!T\b)[A-Za-z]"
    r"|\blen\(|[\w)\]]\.(?!T\b)[A-Za-z]\w*\(|\.(?:mT|shape|size)\b"
)
MATLAB = re.compile(
    r"\.[*/^'\\]|[\w)\]']\s?\.[-+<>]|\w\.\(|[\w)\]']\s*\\\s*[\w(]|\b(?:norm2|vector|matrix|abs2|bsxfun|vecnorm)\b|\b(?:length|numel|repmat|(?:vert|horz|[vh])cat)\(|'(?:fro|inf|all)'|,\s*\[\s*\]|\(:\)|(?:^|[=(,])\s*@\(|\bdims\s*="
    r"|(?<![\w.])(?:mtimes|normcdf|normpdf|diagm|Diagonal|sumsq|sum_square|quad_form)\(|(?<![\w.])(?:sum\(\s*sum|mean\(\s*mean)\((?!.*(?:@|\*\*|axis|\.T\b))"
    r"|\w\((?:[^(),]+,\s*)?:\s*[,)]|\w\([^()]*[:,(]\s*end\b|[\w)\]]\(\s*end\b|\w\(\d+:[\w+*,: -]+\)"
    r"|,\s*-?Inf\s*\)|\|>|\w\(\s*\w+\s*->"
)
"""Signs that nobody else has."""
_R = re.compile(
    r"%[*ox]%|%in%|(?<![\w.])(?:t?crossprod|(?:row|col)(?:Sums|Means)|plogis|pm(?:ax|in)|nrow|ncol|[cr]bind|sd|sweep|scale|as\.(?:vector|numeric|matrix))\("
    r"|=\s*function\s*\("
)
_R_ROWS = re.compile(r"\w\[(?:\s*,[^\[\]]+|[^\[\],]+,\s*)\]")
"""X[i, ] and X[, j]: a row and a column in R."""
_MATHEMATICA = re.compile(
    r"\b(?:Tr|Det|Inverse|Transpose|Norm|Log|Log2|Log10|Exp|Sqrt|Sin|Cos|Tan|Sinh|Cosh|Tanh|ArcSin|ArcCos|ArcTan|Abs"
    r"|Sign|Total|Mean|Variance|Max|Min|Dot|Ramp|Erf|LogisticSigmoid|IdentityMatrix|DiagonalMatrix|Diagonal|LinearSolve"
    r"|PseudoInverse|KroneckerProduct|HadamardProduct|Outer|Cross|MatrixExp|MatrixPower|Normalize|Accumulate|Flatten|Clip"
    r"|Power|Times|Plus|Map|Table|Sum|Integrate|Grad|If|Piecewise|ConstantArray|Covariance)\[(?!-?\d+\])"
    r"|(?<![\w.])[^\W\d]\w*(?:\.[A-SU-Za-z]){2,}(?![\w.(\[])|[\w)\]]\s+\.\s+[\w(]"
)
_TURNED = re.compile(r"\^\{?T\b|[ᵀ⊤]")
"""A transpose, which Mathematica writes as a function."""
"""Functions before square brackets, and products of names: x.A.x, x . A . x."""
_PARTS = re.compile(r"\w\[\[\s*[1-9]\d*\s*(?:,\s*[1-9]\d*\s*)?\]\]")
"""x[[1]], an entry in R and Mathematica."""
_ENTRY = re.compile(r"(?<![\w.\\)\]])([^\W\d]\w{0,2})\(\s*[1-9]\d*\s*(?:,\s*[1-9]\d*\s*)?\)")
"""x(1), which is an entry in MATLAB and nothing elsewhere."""
_PICKED = re.compile(r"[)\]]\(\s*[1-9]\d*\s*\)")
"""sum(A)(1), an entry of a value in Octave."""
_LIST = re.compile(r"(?<![\w)\]'])\[([^\[\]@|=<>]*)\]")
_GAP = re.compile(r"[\w)\]'.]\s+[-+]?[\w(\[]")
"""Between two entries of a row in MATLAB; where signs have blanks on both sides, brackets hold one formula."""
_ROUNDS = re.compile(r"\([^()\[\]]*\)")
PRIME = re.compile(r"[\w)\]']'")
_BARS = re.compile(r"\|\|\s*[_^²₂]|‖")
"""Norms, which are those of mathematics though a prime stands beside a *."""
_ROWS = re.compile(r"'\s*/\s*[^\W\d]\w*'")
"""x'/y', which is a number in MATLAB and Julia, and nothing elsewhere."""
_BELOW = re.compile(r"[\w)\]]'.*/\s*[A-Z]\w*(?![\w(\[.])|/\s*[A-Z]\w*'", re.DOTALL)
"""b'/A, a row times an inverse in MATLAB."""
_JULIA = re.compile(
    r"->|\|>|\bcorrected\s*=|(?:^|[=(,])\s*\.[-+]|\w\.\(|[\w)\]]\s?\.[-+<>]|\bdims\s*=|\babs2\b|\w\[(?:[\d:]|end\b)|\b[vh]cat\(|\btr\(|[⋅√]"
)
_COEFFICIENT = re.compile(r"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?![eE][-+]?\d)(?:[^\W\d]|[(√])")
"""2x and 2(x + y), which Julia has as products and MATLAB does not."""
_BESIDE = re.compile(r"[\w)\]]'[^\W\d]")
"""A'x, which Julia has as a product and MATLAB does not."""
_EXTREME = re.compile(r"\b(?:maximum|minimum)\([^,()]*\)|\bInf\b|\b(?:sum|prod|mean)\(\w+,\s*[^\W\d]")
"""What Julia has for the largest entry and the like."""
ONLY_OURS = re.compile(r"@|\*\*|\.T\b|\b(?:axis|keepdims)\s*=")
_DIFFERENTIAL = re.compile(r"\s*d[^\W\d_]\d*\s*/\s*d[^\W\d_]\d*\s*")
_MARKED = re.compile("[ₐ-ₜᵢ-ᵥᵀᵗ𝔼]")
"""Letters below and above the line, which Python reads as if they stood on it."""
_MACRO = re.compile(r"@\.\s|\w\[(?:[^\[\]()]*[:,+*-])?\s*end\b")
"""Macros, and the last entry of an array: x[end]."""
_PLAIN = re.compile(r"[A-Za-z0-9_ +*/@(),=-]*")
_WORDS = re.compile(
    r"\b(?:def|import|class|async|from|lambda|return|len|norm2|vector|matrix|abs2|bsxfun|dims|vecnorm"
    r"|mtimes|normcdf|normpdf|diagm|Diagonal|sumsq|sum_square|quad_form|sum\(\s*sum\(|mean\(\s*mean\(|Inf|end|repmat|(?:vert|horz|[vh])?cat"
    r"|t?crossprod|(?:row|col)(?:Sums|Means)|plogis|pm(?:ax|in)|nrow|ncol|[cr]bind|sd|sweep|scale|function"
    r"|d[A-Za-z]\d* */ *d[A-Za-z])|(?:^|[=(,])[ ]*@"
)
"""What the patterns above find in a text of these signs begins with one of these words."""


def entered(text: str, functions: Collection[str]) -> bool:
    """Whether entries are taken as in MATLAB, x(1)^2 + x(2), and nothing speaks against it."""
    names = {found[1] for found in _ENTRY.finditer(text)}
    picked = bool(names) or _PICKED.search(text) is not None
    return picked and names.isdisjoint(functions) and not ONLY_OURS.search(text) and text.isascii()


def spaced(text: str) -> bool:
    """Whether blanks part the entries of a list: [1 -2], [A b; c' d]."""
    if "[" not in text or not text.isascii() or ONLY_OURS.search(text) or "^T" in text:
        return False
    while (flat := _ROUNDS.sub("o", text)) != text:
        text = flat
    return any(
        _GAP.search(inside) and not re.search(r"\s[-+*/]\s|\b(?:for|if|and|or)\b", inside)
        for inside in _LIST.findall(text)
    )


def may_be_other(text: str) -> bool:
    """Whether anything stands in a text but names, numbers and operators of the language, or a word of others."""
    return not _PLAIN.fullmatch(text) or bool(_WORDS.search(text))


def _solves(text: str, functions: Collection[str]) -> bool:
    r"""Whether each backslash stands between operands and begins no command of LaTeX: (Sigma\err)'*err."""
    words = [(match.start(), match[1]) for match in _WORD.finditer(text)]
    if not words or any(sign in text for sign in "{$_") or any(not _OPERAND.search(text, 0, at) for at, _ in words):
        return False
    from jacobian_cli.syntax.commands import COMMANDS  # noqa: PLC0415 - only behind a backslash

    others = COMMANDS | {rf"\{name}" for name in functions}
    return not any(rf"\{word}" in others for _, word in words) or _ENTRYWISE.search(text) is not None


def told(text: str, functions: Collection[str] = ()) -> str:
    """The notation that signs of a text tell, if they tell one."""
    if FUNCTION.match(text):
        return "function"
    if _MACRO.match(text):  # before the $ of LaTeX, which takes the dot from a function here
        return "julia"
    if "%*%" in text:
        return "r"
    if _LATEX.search(text) and not _solves(text, functions):
        return "latex"
    if JULIA_MODULE.search(text):
        return "julia"
    if _R.search(text) or (_R_ROWS.search(text) and not ONLY_OURS.search(text)):
        return "r"
    if _MATHEMATICA.search(text):
        return "math" if _TURNED.search(text) else "mathematica"
    if "^" in text and _PARTS.search(text):
        return "r"
    if _CODE.search(text):
        return "numpy"
    if _MACRO.search(text) or (_BESIDE.search(text) and _EXTREME.search(text)):
        return "julia"
    primes = not _BARS.search(text) and (("*" in text and PRIME.search(text)) or _BELOW.search(text))
    if found := MATLAB.search(text) or primes or _ROWS.search(text):
        beside = found.re is MATLAB and (_BESIDE.search(text) or _COEFFICIENT.search(text))
        return "julia" if beside or _JULIA.search(text) else "matlab"
    if _DIFFERENTIAL.fullmatch(text) or _MARKED.search(text):
        return "math"
    return ""
