"""The whole program of a child process that answers questions: one line of JSON in, one line out, until its input ends.

    python -m jacobian_cli.serve.worker MEGABYTES

It holds at most so much memory. Whoever started it ends it when a question takes too long.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
import warnings
from collections.abc import Callable
from typing import Any

from jacobian_cli.ops.facts import FACTS
from jacobian_cli.printers.math.mathml import math_element, name_mathml
from jacobian_cli.serve.markup import Markup
from jacobian_cli.serve.question import Question, mended
from jacobian_cli.serve.tabs import answer, chain, code, entries, graph, judge, steps
from jacobian_cli.syntax.errors import InputError, excerpt

TABS: dict[str, Callable[[Question], Markup]] = {
    "answer": lambda question: answer.show(question.problem),
    "check": lambda question: answer.check(question.problem),
    "steps": lambda question: steps.show(question.problem),
    "chain": lambda question: chain.show(question.problem),
    "graph": lambda question: graph.edited(question.problem, question.values()),
    "entries": lambda question: entries.show(question.problem),
    "judge": lambda question: judge.show(question.problem, question.claim),
    "code": lambda question: code.show(question.problem),
}


def answered(wanted: str, given: object) -> dict[str, Any]:
    """What a tab shows of a question, or every mistake in it with the ways out.

    >>> answered("answer", {"text": "W@x"})["chips"][0]["name"]
    'W'
    >>> answered("answer", {"text": "W@@x"})["errors"][0]["message"]
    'this is not an expression'
    """
    question = Question()
    try:
        question = Question.of(given)
        found: dict[str, Any] = {"html": TABS[wanted](question)}
        if wanted == "answer":
            found |= {"chips": chips(question), "command": question.command, "facts": list(FACTS)}
    except InputError as error:
        return {"errors": [told(each) for each in error.errors], "ways": mended(question, error)}
    except (RecursionError, MemoryError):
        return {"errors": [{"message": "the formula is too large to be worked out here"}]}
    except Exception as error:  # noqa: BLE001 - whatever a user types, the end is a message
        reason = (str(error).splitlines() or [""])[0][:200]
        said = f"a fault of jac, not of what you typed; please report it ({type(error).__name__}: {reason})"
        return {"errors": [{"message": said}]}
    return found


def told(error: InputError) -> dict[str, Any]:
    """One mistake: what, where under carets, how to mend it."""
    text, span = error.typed
    shown = "" if text is None else "\n".join(excerpt(text, span))
    return {"message": error.message, "line": error.line, "excerpt": shown, "hint": error.hint}


def chips(question: Question) -> list[dict[str, Any]]:
    """The variables, each with its shape, where that comes from, its facts, and whether it is differentiated by."""
    problem = question.problem
    chosen = {v.name for v in problem.wrt}
    return [
        {
            "name": name,
            "mathml": math_element(name_mathml(name)),
            "shape": ", ".join(map(str, variable.shape)) or "scalar",
            "origin": problem.program.origins.get(name, "inferred"),
            "fact": ", ".join(sorted(problem.facts.get(name, ()))),
            "wrt": name in chosen,
        }
        for name, variable in problem.variables.items()
    ]


def main(megabytes: int) -> None:
    """Answer line by line. What is printed on the way goes nowhere."""
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    warnings.simplefilter("ignore")
    answered("check", {"text": "u.T@sigmoid(W@x)"})  # what is heavy is loaded before anybody waits for it
    gc.freeze()
    out.write("ready\n")
    out.flush()
    for line in sys.stdin:
        asked = json.loads(line)
        out.write(json.dumps(answered(asked["tab"], asked["question"])) + "\n")
        out.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
