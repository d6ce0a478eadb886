"""How the tests of the house are run."""

from __future__ import annotations

import gc
import os
from typing import Any

from hypothesis import settings
from hypothesis.internal.conjecture import providers

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # arrays are small, and as many tests run at once as there are processors
gc.set_threshold(5_000, 20, 50)  # of thousands of tests and what they know little is garbage: a tenth of the time
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")
# Hypothesis draws constants of the modules that happen to be loaded: one worker would draw what another does not
providers._get_local_constants = lambda: providers._local_constants


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How our closed forms compare with published ones, as `tests/corpus/test_sizes.py` counted."""
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, [])]
    counted = [value for r in reports for name, value in getattr(r, "user_properties", []) if name == "operations"]
    if counted:
        shorter = sum(ours < published for _, ours, published in counted)
        longer = [f"{name} {ours}/{published}" for name, ours, published in counted if ours > published]
        total = sum(ours for _, ours, _ in counted), sum(published for _, _, published in counted)
        terminalreporter.write_line(
            f"closed forms beside {len(counted)} published ones: {shorter} shorter, "
            f"{len(counted) - shorter - len(longer)} as long, {len(longer)} longer; operations {total[0]} to {total[1]}"
        )
        if longer:
            terminalreporter.write_line(f"longer: {', '.join(sorted(longer))}")
    for report in reports:
        for name, value in getattr(report, "user_properties", []):
            if name == "mistakes":
                terminalreporter.write_line("mistakes made in published derivatives, and judged:")
                terminalreporter.write_line(value)
