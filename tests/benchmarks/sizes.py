"""Which answers are proven for every size, why the others are not, and how long the proof takes.

python -m tests.benchmarks.sizes                   layers, identities and what people type
python -m tests.benchmarks.sizes layers            one of these
python -m tests.benchmarks.sizes layers --others   and each answer that is not, with its reason
"""

from __future__ import annotations

import gc
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles
from time import thread_time
from typing import Any

import jacobian_cli as jac
from jacobian_cli.api.derive.printed import Shown
from jacobian_cli.api.derive.proof import certificate_of
from jacobian_cli.checks.every_size.certificate import Certificate, Doubt
from jacobian_cli.expr import Apply, size_names, walk
from jacobian_cli.syntax.errors import InputError

CORPUS = Path(__file__).parent.parent / "corpus"
UNBOUNDED = frozenset(("inv", "det", "logdet", "slogdet", "solve", "cholesky", "cofactors", "pinv", "lstsq"))
"""Functions that are no sums of boundedly many indices."""


def answers(corpus: str) -> Iterator[tuple[str, Any]]:
    """Every answer of a corpus, and what it is called there."""
    lines = (CORPUS / f"{corpus}.jsonl").read_text(encoding="utf-8").splitlines()
    for k, entry in enumerate(map(json.loads, lines)):
        formula = entry.get("definitions") or entry.get("read") or entry.get("expr") or entry["typed"]
        shapes = {n: s if isinstance(s, str) else ",".join(s) or "()" for n, s in (entry.get("shapes") or {}).items()}
        wrt = entry["wrt"].split(",") if isinstance(entry["wrt"], str) else list(entry["wrt"])
        try:
            found = jac.derive(formula, wrt=wrt, shapes=shapes, assume=entry.get("assume"), check=False)
        except InputError:
            continue
        yield from ((f"{entry.get('id', k)} {d.wrt}", d) for d in found)


def main(wanted: list[str]) -> None:
    """Print the shares and the times."""
    others = "--others" in wanted
    corpora = [name for name in wanted if name != "--others"] or ["layers", "identities", "typed"]
    for corpus in corpora:
        said, times = Counter[str](), list[float]()
        unbounded = Counter[bool]()
        for name, d in answers(corpus):
            problem, shown = d.problem, Shown(d)
            if not size_names([problem.output, *problem.variables.values()]):
                continue  # of numbers alone
            shown.forms  # noqa: B018 - read before the clock starts
            gc.freeze()  # the answers before this one are no garbage of its proof
            start = thread_time()
            found = certificate_of(shown)
            times.append(1000 * (thread_time() - start))
            kind = "no more than was checked" if found is None else "differs modulo a prime"
            if isinstance(found, Certificate):
                kind = found.why or "every size"
            said[kind] += 1
            if any(isinstance(node, Apply) and node.function in UNBOUNDED for node in walk([problem.output])):
                unbounded[kind == "every size"] += 1
            if others and kind != "every size":
                sys.stdout.write(f"  {name}: {kind}{f' at {found.sizes}' if isinstance(found, Doubt) else ''}\n")
        sized = len(times)
        plain = sized - sum(unbounded.values())
        share = (said["every size"] - unbounded[True]) / max(1, plain)
        whole = f"{said['every size']} of {sized} answers are proven for every size"
        middle, most = f"median {median(times):.0f} ms", f"most {max(times):.0f} ms"
        spread = f"{middle}, 95 % under {quantiles(times, n=20)[-1]:.0f} ms, {most}"
        sys.stdout.write(f"{corpus}: {whole}; of {plain} without inverses and determinants {share:.0%}. {spread}\n")
        sys.stdout.write("".join(f"  {count:5} {kind}\n" for kind, count in said.most_common()))


if __name__ == "__main__":
    main(sys.argv[1:])
