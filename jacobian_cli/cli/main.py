"""The `jac` command. Each command collects its options and hands them on; answers come from the library."""

from __future__ import annotations

import difflib
import math
from typing import Any

import click

from jacobian_cli import __version__
from jacobian_cli.cli.options import examples as examples_of
from jacobian_cli.cli.options import (
    full_option,
    layout_option,
    no_check_option,
    points_option,
    steps_option,
    to_option,
    vec_option,
)
from jacobian_cli.cli.refusals import print_json
from jacobian_cli.cli.request import (
    Request,
    Typed,
    claim_command,
    force_option,
    formula_command,
    json_option,
    race_command,
    width_option,
)
from jacobian_cli.cli.status import RIGHT
from jacobian_cli.syntax.errors import InputError

FORMS = ("gradient", "jacobian", "vjp", "jvp", "hessian")
PRESETS = ("gmm", "lstm", "ba", "attention", "layernorm", "logistic-newton", "gp")

_HELP = """Jacobians of vector and matrix formulas: derived, shown with every shape, and proven.

\b
jac "uᵀσ(Wx + b)"                                  every gradient; without a verb it is derive
jac derive "u.T @ sigmoid(W@x + b)" --wrt W         one, in all its forms
jac chain -f examples/window.jac --wrt W,b          every link, and each delta
jac backprop "(x + y)*max(y, z)" --at x=1,y=2,z=0   the computational graph, forwards and back
jac check "x.T@A@x" --wrt x "2*A@x"                 is this derivation right?
jac export "u.T @ sigmoid(W@x + b)" -o window.py    as source, to take home
jac bench "u.T @ sigmoid(W@x + b)" --wrt W          and how fast that is
"""


class _Verbs(click.Group):
    """The commands; what names none of them is a formula, and is derived."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Options in front of a formula are those of `derive`."""
        if args and args[0] not in (*self.commands, "-h", "--help", "--version"):
            args = [*self._verb(args), *args]
        return super().parse_args(ctx, args)

    def _verb(self, args: list[str]) -> list[str]:
        word = args[0]
        close = difflib.get_close_matches(word, self.commands, n=1, cutoff=0.75)
        if close and len(args) > 1 and word.isalpha():
            raise InputError(f"there is no command '{word}'", hint=f"did you mean jac {close[0]}?")
        return ["derive"]


@click.group(cls=_Verbs, help=_HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="jac")
def jac() -> None:
    """The command and its subcommands."""


@jac.command(
    epilog=examples_of(
        'jac derive "u.T @ sigmoid(W@x + b)" --wrt W', "jac derive -f examples/window.jac --wrt W,b --steps"
    )
)
@formula_command
@points_option
@layout_option
@vec_option
@click.option("--explain-layout", is_flag=True, help="Show the Jacobian in every convention, and whose it is.")
@click.option("--backward", is_flag=True, help="Show the backward pass alone: its names, and a rule for each variable.")
@click.option("--entries", is_flag=True, help="Show the labelled table of entries at small sizes.")
@full_option
@steps_option
@to_option
@no_check_option
def derive(request: Request, explain_layout: bool, **wishes: Any) -> int:
    """Derive a Jacobian, in closed form and entry by entry, and prove it.

    FORMULA is an expression like "W@x + b", or definitions of which the last is the output:
    "z = W@x + b" "h = sigmoid(z)". Without --wrt every variable is differentiated by.
    """
    one_form(request, wishes["style"])
    if explain_layout:
        if wishes["style"] or wishes["steps"]:
            raise InputError("--explain-layout is a page of its own", hint="leave --to and --steps out")
        from jacobian_cli.cli.conventions import answer as compared

        return compared(request, points=wishes["points"])
    from jacobian_cli.cli.derive import Wishes, answer

    return answer(request, Wishes(**wishes))


@jac.command(
    epilog=examples_of(
        'jac hessian "norm(X@w - y)**2" --wrt w', 'jac hessian "sum(log(1 + exp(-y*(X@w))))" --wrt w --to latex'
    )
)
@formula_command
@points_option
@vec_option
@to_option
@no_check_option
def hessian(request: Request, **wishes: Any) -> int:
    """Derive the Hessian of a scalar, its structure kept; with several variables, its blocks.

    FORMULA is as for `jac derive`.
    """
    one_form(request, wishes["style"])
    from jacobian_cli.cli.derive import Wishes, answer

    return answer(request, Wishes(order=2, **wishes))


@jac.command(
    epilog=examples_of(
        'jac chain "z = W@x + b" "h = sigmoid(z)" "s = u.T@h" --wrt W,b',
        "jac chain -f examples/mlp.jac --wrt W1 --steps",
    )
)
@formula_command
@points_option
@click.option(
    "--descend",
    "rate",
    type=click.FloatRange(min=0, max=1e6, min_open=True),
    metavar="RATE",
    help="Take one step of gradient descent at this rate, and show the loss before and after.",
)
@full_option
@steps_option
@to_option
@no_check_option
def chain(request: Request, rate: float | None, **wishes: Any) -> int:
    """Take a composition apart: local Jacobians, their product, δ, the reshape, and what each order costs.

    FORMULA is definitions in any order, of which the last is the output: "z = W@x + b" "h = sigmoid(z)"; or
    formulas without names, outermost first: "sigmoid(z)" "W@x + b".
    """
    one_form(request, wishes["style"])
    if rate is not None and not math.isfinite(rate):
        raise InputError("the rate is a number, as in --descend 0.1")
    from jacobian_cli.cli.chain import Wishes, answer

    return answer(request, Wishes(rate=rate, **wishes))


@jac.command(
    epilog=examples_of(
        'jac backprop "(x + y)*max(y, z)" --at x=1,y=2,z=0',
        "jac backprop -f examples/window.jac --at examples/window.npz --wrt W --html graph.html",
    )
)
@formula_command
@click.option("--svg", metavar="FILE", help="Draw the graph: values above the edges, gradients below.")
@click.option("--html", metavar="FILE", help="Write a page with the picture and the tables.")
@click.option("--out", metavar="FILE", help="Write the gradients, by name, as arrays of NumPy: grads.npz.")
@click.option("--dot", is_flag=True, help="Print the graph for Graphviz instead.")
@click.option("--mermaid", is_flag=True, help="Print the graph for Mermaid instead.")
@click.option("--tree", is_flag=True, help="Show the graph as a tree instead of tables.")
@click.option("--symbolic", is_flag=True, help="Show local and downstream gradients in symbols too.")
@click.option("--naive", is_flag=True, help="Show what is computed twice, path by path.")
@click.option(
    "--nudge",
    type=click.FloatRange(-1e6, 1e6),
    metavar="H",
    help="Move each scalar by H, and compare with what its gradient predicts.",
)
@click.option("--plugin", "plugins", multiple=True, metavar="FILE", help="Run a Python file that registers functions.")
@full_option
@to_option
@force_option
def backprop(request: Request, plugins: tuple[str, ...], **wishes: Any) -> int:
    """Run the computational graph forwards, then backwards, at the values given with --at.

    FORMULA is as for `jac derive`; without --wrt the gradients of all variables are found.
    """
    one_form(request, wishes["style"])
    if wishes["nudge"] is not None and not (math.isfinite(wishes["nudge"]) and wishes["nudge"]):
        raise InputError("a nudge is a small number, as in --nudge 0.01")
    from jacobian_cli.cli.backprop import Wishes, answer

    return answer(request, plugins, Wishes(**wishes))


@jac.command(
    epilog=examples_of(
        'jac check "u.T @ sigmoid(W@x)" --wrt W "outer(u*sigmoid(W@x)*(1 - sigmoid(W@x)), x)"',
        "jac check -f examples/derivation.jac --to markdown",
    )
)
@claim_command
@layout_option
@vec_option
@click.option("--form", type=click.Choice(FORMS), help="What the claim is; told from it if left out.")
@click.option("--claims", metavar="FILE", help="Judge many: a CSV of id, wrt, claim, form, points, or JSON lines.")
@click.option("--claim", "claim_source", metavar="FILE[:NAME]", help="Judge a Python function, read and not run.")
@click.option("--run", is_flag=True, help="Run the function of --claim instead, in a process of its own, 20 seconds.")
@click.option("--values", metavar="FILE", help="Judge numbers, at the point given with --at: a .npy file.")
@click.option("--rtol", type=click.FloatRange(min=0, max=1, min_open=True), help="How far right numbers may be off.")
@click.option("--junit", metavar="FILE", help="Write the verdicts as a JUnit report too.")
@click.option("--to", "style", type=click.Choice(["markdown"]), help="Print the verdicts as a Markdown table.")
@click.option("--texts", metavar="FILE", help="A JSON file with a sentence of yours for each kind of mistake.")
@force_option
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 256), help="Processes to judge many in.")
def check(request: Request, claim: str, **wishes: Any) -> int:
    """Judge a derivative found by hand: right or wrong, where, and what kind of mistake.

    FORMULA is as for `jac derive`, with your answer behind it: jac check "x.T@A@x" --wrt x "2*A@x". The gradient that
    arrives is called delta, a direction v. A file of definitions may hold the claims itself: ds/dW = delta@x.T
    """
    one_form(request, wishes["style"])
    from jacobian_cli.cli.check import Wishes, answer

    return answer(request, claim, Wishes(**wishes))


@jac.command(
    epilog=examples_of(
        'jac export "u.T @ sigmoid(W@x + b)" --wrt W,b -o window.py',
        'jac export "softmax(W@x)" --wrt W,x --to torch -o rule.py',
    )
)
@formula_command
@click.option(
    "--to",
    type=click.Choice(["numpy", "torch", "jax", "c", "lean", "latex", "markdown", "html", "json"]),
    help="Source for a library, or a form to read; numpy if left out.",
)
@click.option("-o", "--output", metavar="FILE", help="Write to a file instead of the screen.")
@click.option("--test", is_flag=True, help="Write a test of it beside, for pytest; that of C is compiled and run.")
@click.option("--order", default=1, show_default=True, type=click.IntRange(1, 2), help="With 2, hessian and hvp too.")
@click.option("--sizes", metavar="SIZES", help="What letters are in C, as in n=3,m=4.")
@click.option("--chunk", metavar="AXIS=SIZE", help="Of numpy and torch: run over blocks of this axis, as in n=64.")
@click.option("--recompute", metavar="NAMES", help="Of torch and jax: compute these again, instead of keeping them.")
@force_option
@no_check_option
def export(request: Request, to: str | None, **wishes: Any) -> int:
    """Write the derivatives as source that needs nothing but its library.

    FORMULA is as for `jac derive`. The functions are value, jacobian, vjp, jvp and, of a scalar, gradient and
    value_and_gradient; with several variables their names end in them. For PyTorch and JAX it is one function, value,
    with a backward pass of its own. C has the same functions as NumPy, of arrays whose sizes are numbers (-s W=3,4 or
    --sizes n=3,m=4), with a test behind #ifdef JAC_TEST. lean is the statement against Mathlib, for another to prove.
    html is the page that `jac page` writes, without a script.
    """
    one_form(request, to)
    from jacobian_cli.cli.export import Wishes, answer

    return answer(request, Wishes(to=to or ("json" if request.as_json else "numpy"), **wishes))


@jac.command(
    epilog=examples_of(
        'jac bench "u.T@sigmoid(W@x + b)" --wrt W -s W=64,64 --seconds 2',
        'jac bench "sum(log(1 + exp(X@w)))" --wrt w --order 2 --scale m=8,16 --seconds 2',
    )
)
@race_command
@click.option("--order", default=1, show_default=True, type=click.IntRange(1, 2), help="With 2, the Hessian.")
@click.option("--form", type=click.Choice([*FORMS, "hvp"]), help="What is timed, if not the gradient or the Jacobian.")
@click.option("--preset", type=click.Choice(PRESETS), help="A formula that others are measured by, with its sizes.")
@click.option("--against", metavar="NAMES", help="Only these: autograd, jax, torch, torch.compile, differences.")
@click.option("--scale", metavar="SIZE", help="Show how costs grow with a size: n, or n=100,200,400.")
@click.option("--svg", metavar="FILE", help="With --scale, draw it in a file.")
@click.option(
    "--seconds",
    default=20.0,
    show_default=True,
    type=click.FloatRange(0.1, 600),
    help="About how long contenders take turns; to start and compile them takes its own time.",
)
@force_option
def bench(typed: Typed, **wishes: Any) -> int:
    """Time a closed form beside autograd, JAX, PyTorch and differences, in time and memory.

    FORMULA is as for `jac derive`. Each contender runs in a process of its own, is held to be right, and only then
    timed, in turns with the others. What is not installed is listed as such.
    """
    from jacobian_cli.cli.bench import Wishes, answer

    return answer(typed, Wishes(**wishes))


@jac.command(
    epilog=examples_of(
        'jac page "u.T @ sigmoid(W@x + b)" --wrt W -o answer.html',
        "jac page -f examples/window.jac --wrt W,b -o window.html",
    )
)
@formula_command
@click.option("-o", "--output", metavar="FILE", required=True, help="The file to write: answer.html.")
@force_option
def page(request: Request, output: str, force: bool) -> int:
    """Write one answer as one page that needs no network: answer, steps, chain, graph, entries, code.

    FORMULA is as for `jac derive`. With --at the graph is drawn there, otherwise at small values.
    """
    if request.as_json:
        raise InputError("a page is HTML", hint="jac derive has --json")
    from jacobian_cli.cli.page import answer

    return answer(request, output, force=force)


@jac.command(epilog=examples_of("jac serve", "jac serve --port 8000 --open"))
@click.option("--port", default=8642, show_default=True, type=click.IntRange(0, 65_535), help="0 is any that is free.")
@click.option("--open", "open_browser", is_flag=True, help="Open the page in the browser.")
def serve(port: int, open_browser: bool) -> int:
    """Serve the same answers as a page with one text box, on this machine alone, until Ctrl-C."""
    from jacobian_cli.cli.serve import answer

    return answer(port, open_browser=open_browser)


@jac.command(epilog=examples_of("jac functions", "jac functions softmax layernorm"))
@click.argument("names", nargs=-1)
@json_option
@width_option
def functions(names: tuple[str, ...], as_json: bool) -> int:
    """List the functions of the language, or tell all about those named."""
    from jacobian_cli.cli.functions import functions_dict, show_function, show_functions

    if as_json:
        print_json(functions_dict(names))
        return RIGHT
    if not names:
        show_functions()
    for name in names:
        show_function(name)
    return RIGHT


@jac.command(epilog=examples_of("jac examples", "jac examples attention"))
@click.argument("topic", required=False)
@width_option
def examples(topic: str | None) -> int:
    """Commands to try, by topic."""
    from jacobian_cli.cli.examples import show_examples

    show_examples(topic)
    return RIGHT


@jac.command(epilog=examples_of("jac completion bash > jac.bash", "jac completion fish > jac.fish"))
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """Print what makes a shell complete `jac` by TAB."""
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(jac, {}, "jac", "_JAC_COMPLETE").source())
    return RIGHT


@jac.command(epilog=examples_of("jac man > jac.1", "jac man | man -l -"))
def man() -> int:
    """Print the manual page, for man."""
    from jacobian_cli.cli.manual import manual

    click.echo(manual(jac), nl=False)
    return RIGHT


def one_form(request: Request, style: str | None) -> None:
    """Refuse two forms at once."""
    if style and request.as_json:
        raise InputError("--to and --json are two forms", hint="ask for one at a time")
