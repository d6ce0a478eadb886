"""The commands of LaTeX that formulas are made of, and what each is to the readers of mathematics."""

from __future__ import annotations

from jacobian_cli.syntax import names
from jacobian_cli.syntax.mathematics import ALONE

BLANKS = frozenset(
    r"\, \; \: \! \> \quad \qquad \left \right \big \Big \bigl \bigr \Bigl \Bigr \bigg \Bigg \biggl \biggr \Biggl "
    r"\Biggr \middle \displaystyle \textstyle \limits \nolimits \mathopen \mathclose \mathbin \mathrel \mathord "
    r"\phantom \allowbreak \nonumber \notag \rm \bf \it \sf \mathop".split()
) | {"\\ "}
STYLES = frozenset(
    r"\mathbf \boldsymbol \bm \pmb \mathcal \mathscr \mathfrak \mathbb \mathit \vec \mathds \mathnormal \ensuremath "
    r"\mathbfit \symbf \symbfit \bold \vb \vb* \mat \vect \mathbbm".split()
)
WORDS = frozenset(
    r"\operatorname \operatorname* \mathrm \text \textrm \mathsf \textsf \textbf \textit \mathtt \mbox \hbox".split()
)
PROSE = (r"\operatorname", r"\text", r"\mbox")
"""Commands in which words that are no names stand, too: `\\text{minimize}`."""
ACCENTS = {rf"\{command}": mark for command, mark in names.ACCENTS.items()}
FRACTIONS = frozenset(r"\frac \tfrac \dfrac \cfrac \nicefrac \sfrac".split())
OPERATORS = {
    r"\cdot": "·", r"\times": "×", r"\odot": "⊙", r"\circ": "⊙", r"\otimes": "⊗", r"\ast": "*", r"\le": "<=",
    r"\leq": "<=", r"\leqslant": "<=", r"\ge": ">=", r"\geq": ">=", r"\geqslant": ">=", r"\ne": "!=", r"\neq": "!=",
    r"\lt": "<", r"\gt": ">", r"\colon": ":", r"\div": "/", r"\eq": "=",
}  # fmt: skip
BARS = {r"\|": "‖", r"\Vert": "‖", r"\lVert": "‖", r"\rVert": "‖", r"\parallel": "‖"}
BARS |= {r"\vert": "|", r"\lvert": "|", r"\rvert": "|", r"\mid": "|"}
BRACKETS = {
    r"\lfloor": ("open", "⌊"), r"\rfloor": ("close", "⌋"), r"\lceil": ("open", "⌈"), r"\rceil": ("close", "⌉"),
    r"\langle": ("open", "⟨"), r"\rangle": ("close", "⟩"), r"\{": ("open", "{"), r"\}": ("close", "}"),
    r"\lbrace": ("open", "{"), r"\rbrace": ("close", "}"), r"\lbrack": ("open", "["), r"\rbrack": ("close", "]"),
}  # fmt: skip
GREEK = {rf"\{name}": name for name in names.GREEK}
GREEK |= {rf"\{name.capitalize()}": name.capitalize() for name in names.GREEK}
GREEK |= {rf"\var{name}": name for name in ("epsilon", "theta", "phi", "rho", "pi", "sigma", "kappa")}
GREEK |= {rf"\var{name}": name for name in ("Sigma", "Gamma", "Delta", "Theta", "Lambda", "Phi", "Psi", "Omega")}
LETTERS = {r"\ell": "l", r"\imath": "i", r"\jmath": "j", r"\hbar": "hbar", r"\hslash": "hbar"}
REFUSED = {
    **dict.fromkeys((r"\partial", r"\nabla", r"\mathrm d"), ALONE),
    r"\begin": "matrices are read, \\begin{bmatrix} a & b \\\\ c & d \\end{bmatrix}; a choice is `where(x > 0, x, 0)`",
    r"\binom": "a binomial coefficient is not in the language; declare a number for it: `-s c=()`",
    r"\int": "an integral is not in the language",
    r"\dots": "type the formula in full",
    r"\ldots": "type the formula in full",
    r"\cdots": "type the formula in full",
    r"\\": "type one line",
    **dict.fromkeys(
        (r"\sim", r"\forall", r"\exists", r"\succeq", r"\succ", r"\preceq", r"\propto", r"\approx", r"\equiv"),
        "type the formula alone; what holds of a variable is declared: `--assume S=spd`",
    ),
    r"\in": "sizes are declared apart: -s x=n",
    r"\lim": "a limit is not in the language",
}
TABLES = frozenset("matrix bmatrix pmatrix smallmatrix bsmallmatrix psmallmatrix array".split())
"""Environments whose cells are those of a matrix."""
BRACED = frozenset(r"\underbrace \overbrace \underline \boxed".split())
"""What is set around a part of a formula; a note may stand above or below it."""
INNER = frozenset(r"\inner \ip \innerp \innerprod \innerproduct \inprod \dotp \dotprod".split())
"""Names that people give to a macro for an inner product."""
TRANSPOSES = frozenset(r"\T \tp \trans \transp \transpose \tran".split())
"""Names that people give to a macro for a transpose."""
OPERATORNAMES = frozenset(
    r"\sin \cos \tan \sinh \cosh \tanh \arcsin \arccos \arctan \log \ln \exp \det \min \max".split()
)
"""Functions that LaTeX has itself: braces behind them are not seen."""
COMMANDS = frozenset().union(
    BLANKS, STYLES, WORDS, ACCENTS, FRACTIONS, OPERATORS, BARS, BRACKETS, GREEK, LETTERS, REFUSED, BRACED, INNER,
    TRANSPOSES, OPERATORNAMES, (r"\sqrt", r"\sum", r"\prod", r"\begin", r"\end"),
)  # fmt: skip
"""All commands that are known here."""
