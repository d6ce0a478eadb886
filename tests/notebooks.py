"""A notebook run again, cell by cell, as its program would: what each shows, in all the forms that it offers."""

from __future__ import annotations

import ast
import io
import json
from contextlib import redirect_stdout
from typing import Any

from jacobian_cli.syntax.errors import InputError

_FORMS = {
    "text/html": "_repr_html_",
    "text/latex": "_repr_latex_",
    "text/markdown": "_repr_markdown_",
    "image/svg+xml": "_repr_svg_",
}


def run_again(text: str) -> str:
    """The text of a notebook with the outputs that its cells have now."""
    notebook = json.loads(text)
    names: dict[str, Any] = {}
    count = 0
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            count += 1
            cell["execution_count"] = count
            cell["outputs"] = _outputs("".join(cell["source"]), names, count)
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def _outputs(source: str, names: dict[str, Any], count: int) -> list[dict[str, Any]]:
    tree, last = ast.parse(source), None
    if isinstance(tree.body[-1], ast.Expr):
        last = ast.Assign([ast.Name("_", ast.Store())], tree.body[-1].value)
        tree.body[-1] = ast.fix_missing_locations(ast.copy_location(last, tree.body[-1]))
    names.pop("_", None)
    printed, outputs = io.StringIO(), list[dict[str, Any]]()
    try:
        with redirect_stdout(printed):
            exec(compile(tree, "<cell>", "exec"), names)
    except InputError as error:
        shown = error._render_traceback_()
        outputs.append({"ename": "InputError", "evalue": error.message, "output_type": "error", "traceback": shown})
    if printed.getvalue():
        stream = {"name": "stdout", "output_type": "stream", "text": _lines(printed.getvalue())}
        outputs.insert(0, stream)
    if names.get("_") is not None:
        data = _data(names["_"])
        outputs.append({"data": data, "execution_count": count, "metadata": {}, "output_type": "execute_result"})
    return outputs


def _data(value: Any) -> dict[str, list[str]]:
    """Every form in which a value shows itself."""
    found = {kind: getattr(value, method)() for kind, method in _FORMS.items() if hasattr(value, method)}
    found["text/plain"] = repr(value)
    return {kind: _lines(text) for kind, text in sorted(found.items()) if text is not None}


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)
