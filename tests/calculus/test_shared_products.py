"""Products that several chains share."""

from __future__ import annotations

import re

from jacobian_cli.calculus.derivative.shared_products import associated
from jacobian_cli.elaborate import elaborate
from jacobian_cli.printers.language import text
from jacobian_cli.shape import Size
from jacobian_cli.syntax.parser import parse_statement

FORMS = ("C.T@X@B.T@X.T", "X.T@A.T@C.T@X", "X@B.T@X.T@A.T", "C@A@X@B + A.T@C.T@X@B.T")
TURNS = 40
"""Of two runs of one length each was chosen about once in eight times where the order of a set decided."""


def test_of_runs_of_one_length_the_one_met_first_is_shared() -> None:
    """Names change where in memory the nodes lie, and nothing else."""
    found = set()
    for turn in range(TURNS):
        typed = [re.sub(r"\b[ABCX]\b", rf"\g<0>{turn}", form) for form in FORMS]
        square = {f"{name}{turn}": (Size.named("n"),) * 2 for name in "ABCX"}
        forms = {form: elaborate([parse_statement(form)], square).output for form in typed}
        grouped, shared = associated(forms)
        shown = "; ".join([*map(text, grouped.values()), *map(text, shared.values())])
        found.add(re.sub(rf"\b([ABCX]){turn}\b", r"\1", shown))
    assert len(found) == 1, found
