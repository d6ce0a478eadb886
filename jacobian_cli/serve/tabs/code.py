"""Code: NumPy, PyTorch, JAX, LaTeX and Markdown, each to be copied."""

from __future__ import annotations

import warnings

from jacobian_cli.api.derive.derivation import Derivations, derivations
from jacobian_cli.api.derive.source import FailedError
from jacobian_cli.api.export.run import export
from jacobian_cli.api.input.problem import Problem
from jacobian_cli.serve.markup import Markup, element, markup
from jacobian_cli.syntax.errors import InputError

_TARGETS = {"numpy": "NumPy", "torch": "PyTorch", "jax": "JAX", "latex": "LaTeX", "markdown": "Markdown"}


def show(problem: Problem) -> Markup:
    """The source for each target, or why there is none."""
    found = derivations(problem)
    return markup(*(_source(found, target, title) for target, title in _TARGETS.items()))


def _source(found: Derivations, target: str, title: str) -> Markup:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it is said in the source
            written = export(found if len(found) > 1 else found[0], target)
    except (InputError, FailedError) as error:
        return element("section", element("h2", title), element("p", f"none here: {error}", class_="warning"))
    button = element("button", "copy", type="button", class_="copy", data_copy=written, aria_label=f"copy {title}")
    return element(
        "section",
        element("h2", title, " ", button),
        element("pre", element("code", written), tabindex="0", data_target=target),
        class_="source",
    )
