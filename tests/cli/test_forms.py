"""LaTeX that fits on a slide: what is wide is folded and says the same, and LaTeX itself sets it without wide lines."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import jacobian_cli as jac
from jacobian_cli.api.export.forms import written
from jacobian_cli.cli.main import jac as command
from jacobian_cli.printers.math.lines import SLIDE, folded, width

CORPUS = Path(__file__).parent.parent / "corpus"
FORMULAS = [
    ("u.T @ sigmoid(W@x + b)", "W"),
    ("A@X@B + X.T@C@X@D - sin(X)*(X@X)", "X"),
    ("A@x - (exp(x) + sin(x))*cos(x)*x + tanh(x)*x - x*x*sinh(x)", "x"),
    ("x*x", "x"),
    ("layernorm(x)", "x"),
]
_FOLD, _REMARK = " \\\\\n    &\\quad ", r"\s*(?:&&|\\\\\n    &\\qquad) \\text"
_PAGE = r"""\documentclass[10pt]{beamer}
\usepackage{amsmath}
\begin{document}
%s
\end{document}
"""
_FRAME = "\\begin{frame}[allowframebreaks]\n\\typeout{FORM %s}\n%s\n\\end{frame}"


def _unfolded(text: str) -> str:
    """A text without what parting it into lines added."""
    plain = re.sub(r"\\Bigl|\\Bigr", lambda found: found[0].replace("Big", "").replace("l", "left"), text)
    return re.sub(r"\\left|\\rleft|\\right|\{\}|\s", "", plain)


@pytest.mark.parametrize(("expression", "wrt"), FORMULAS)
def test_what_is_folded_is_what_it_was(expression: str, wrt: str) -> None:
    found = jac.derive(expression, wrt=wrt, check=False)
    text = written(found.problem, [found], "latex", [])
    rights = re.findall(rf"&= (.*?){_REMARK}", text, re.DOTALL)
    forms = [form for form in (found.gradient, found.jacobian, found.vjp) if form is not None]
    assert [_unfolded(right.replace(_FOLD, " ")) for right in rights] == [_unfolded(form.latex) for form in forms]
    assert text.count(r"\begin{align*}") == text.count(r"\end{align*}") == 1


def test_a_wide_line_is_folded_and_a_short_one_is_not() -> None:
    wide, short = (jac.derive(e, wrt="x", check=False) for e in (FORMULAS[2][0], "x.T@x"))
    assert _FOLD in written(wide.problem, [wide], "latex", [])
    assert _FOLD not in written(short.problem, [short], "latex", [])
    lines = written(short.problem, [short], "latex", []).splitlines()
    assert max(len(line) for line in lines) < 2 * SLIDE


def test_lines_part_where_it_hurts_least() -> None:
    text = r"A \operatorname{diag}(x + y) B + \frac{C D E F G H I J K L}{n}"
    assert folded(text, 25) == [r"A \operatorname{diag}(x + y) B", r"+ \frac{C D E F G H I J K L}{n}"]
    assert folded(text, 15)[-2:] == ["+ (C D E F G H", "I J K L) / n"]
    assert all(width(line) <= 14 * 5.0 + 1 for line in folded(text, 14)[1:])
    assert folded(r"\operatorname{mean}", 2) == [r"\operatorname{mean}"]


@pytest.mark.parametrize("option", ["--columns", "--width"])
@pytest.mark.parametrize("verb", ["derive", "export"])
def test_how_wide_lines_are_is_an_option(verb: str, option: str) -> None:
    typed = [verb, FORMULAS[2][0], "--wrt", "x", "--to", "latex", "--no-check"]
    narrow, wide = (CliRunner().invoke(command, [*typed, option, n]).stdout for n in ("30", "200"))
    assert narrow.count(_FOLD) > wide.count(_FOLD) == 0


def _published() -> Iterator[tuple[str, str]]:
    """The derivatives of layers and identities in LaTeX, each with its name."""
    for corpus in ("layers", "identities"):
        for line in (CORPUS / f"{corpus}.jsonl").read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            if entry.get("order", 1) != 1:
                continue
            shapes = {name: ",".join(map(str, sizes)) or "()" for name, sizes in entry["shapes"].items()}
            wrt = [entry["wrt"]] if isinstance(entry["wrt"], str) else entry["wrt"]
            found = jac.derive(entry.get("definitions") or entry["expr"], wrt, shapes, check=False)
            yield entry["id"], jac.export(found, "latex")
            if corpus == "identities" and len(entry["id"]) % 3 == 0:
                yield f"{entry['id']} step by step", found[0].steps("latex")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX is not installed: no page of it is made")
def test_latex_sets_everything_on_slides(tmp_path: Path) -> None:
    frames = [_FRAME % (name.replace("_", "-"), text) for name, text in _published()]
    (tmp_path / "slides.tex").write_text(_PAGE % "\n".join(frames), encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-draftmode", "-interaction=nonstopmode", "-halt-on-error", "slides.tex"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    log = (tmp_path / "slides.log").read_text(encoding="latin-1")
    assert done.returncode == 0, log[-3000:]
    assert len(frames) == log.count("\nFORM ") + log.startswith("FORM ")
    wide = re.findall(r"^FORM (\S+)|Overfull \\hbox \(([\d.]+)pt", log, re.MULTILINE)
    names = [wide[k - 1][0] for k, (name, points) in enumerate(wide) if points]
    assert names == []
