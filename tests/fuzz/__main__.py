"""`python -m tests.fuzz --seed 1 --count 500`: a campaign; `--only 17`: one formula of it; `--formula`: one's own."""

from __future__ import annotations

import argparse
import sys

from tests.fuzz.campaign import Question, campaign, drawn, in_threads


def main() -> int:
    """Print what became of it; the status says whether there was a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--depth", type=int, default=3)
    parser.add_argument("--only", type=int, help="the number of one formula")
    parser.add_argument("--formula", help="a formula to be asked again")
    parser.add_argument("--wrt", default="x")
    parser.add_argument("-s", dest="shapes", action="append", default=[], help="a shape, as x=n,m")
    given = parser.parse_args()
    if given.formula:
        shapes = dict(told.split("=", 1) for told in given.shapes)
        questions: list[Question | None] = [
            Question(given.formula, given.wrt, {n: s.strip("()") for n, s in shapes.items()})
        ]
    else:
        numbers = range(given.count) if given.only is None else [given.only]
        questions = [drawn(given.seed, number, depth=given.depth) for number in numbers]
    report = campaign(questions, given.seed)
    differ = in_threads([o.question for o in report.outcomes if o.kind == "right"][:40])
    sys.stdout.write("\n".join([str(report), *differ, ""]))
    return 1 if report.faults or differ else 0


if __name__ == "__main__":
    sys.exit(main())
