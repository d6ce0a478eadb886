"""Awkward questions: whatever is asked, the end is an answer or a refusal, and never a fault of the program."""

from __future__ import annotations

import json
import shlex

import pytest

import jacobian_cli as jac
from jacobian_cli.cli.run import run
from jacobian_cli.syntax.errors import InputError
from tests.work import calls

ANSWERED, REFUSED = 0, 2


def asked(command: str, capsys: pytest.CaptureFixture[str]) -> tuple[object, str, str]:
    """The exit status of a command, what it prints and what it complains of."""
    with pytest.raises(SystemExit) as ended:
        run(shlex.split(command))
    said = capsys.readouterr()
    assert "fault" not in said.err, said.err
    assert "Traceback" not in said.out + said.err
    assert bool(said.err) is (ended.value.code == REFUSED)
    return ended.value.code, said.out, said.err


ANSWERS = [
    # slices of symbolic bounds hold something only at some sizes
    "derive S[m:n] --wrt S",
    "derive x[n:m] --wrt x -s x=k",
    "derive x[m:] --wrt x -s x=n",
    "derive 'x[n - 1]' --wrt x -s x=n",
    # values of one entry, and axes of length one
    "derive alpha[None] --wrt alpha",
    "derive (W*c)[None,None] --wrt c -s c=()",
    "derive 'mean(x)[None]*x' --wrt x",
    "derive 'e[None]*x' --wrt x",
    "derive concat(c) --wrt c -s c=()",
    "derive concat(x) --wrt x",
    "derive concat(r) --wrt r -s r=1,m",
    "derive concat(x,c,y)/z --wrt z -s c=()",
    "derive concat(y,c)/y[0]@b --wrt b -s y=n -s c=()",
    "derive sum(c) --wrt c -s c=()",
    "derive mean(c) --wrt c -s c=()",
    "derive max(c) --wrt c -s c=()",
    "derive logsumexp(c) --wrt c -s c=()",
    "derive logsumexp(r,axis=0) --wrt r -s r=1,m",
    "derive softmax(r,axis=0) --wrt r -s r=1,m",
    "derive cumsum(r,axis=0) --wrt r -s r=1,m",
    "derive softmax(x) --wrt x -s x=1",
    "derive layernorm(x) --wrt x -s x=2",
    "derive x@x --wrt x -s x=1",
    "derive A@A --wrt A -s A=1,1",
    "derive A.T@x --wrt A -s A=n,1",
    "derive ones(1)@x --wrt x",
    "derive (z@z)@r --wrt r -s z=m -s r=1,m",
    "derive ((x@x)@x.T)@x --wrt x",
    "derive x.T.T.T --wrt x",
    "derive 'where(c > 0, r, d)*r' --wrt d -s c=() -s d=() -s r=1,m",
    # einsum
    "derive 'einsum(\"ii->i\", A)' --wrt A",
    "derive 'einsum(\"->\", c)' --wrt c -s c=()",
    "derive 'einsum(\"ij,ij,j->j\", A, A, x)' --wrt A",
    "derive 'einsum(\"ijk,k->ij\", T, x)' --wrt T -s T=2,n,m",
    # three axes
    "derive sum(T,axis=1) --wrt T -s T=2,n,m",
    "derive softmax(T) --wrt T -s T=2,n,m",
    "derive T*x --wrt x -s T=2,n,m",
    # what broadcasts
    "derive where(x,y,1) --wrt y",
    "derive 'where(c > 0, x, A)' --wrt x -s c=()",
    "derive 'where(x > 0, c, d)' --wrt c -s c=() -s d=()",
    "derive 'leaky_relu(d, A)' --wrt d -s d=()",
    "derive 'binary_cross_entropy(x, sum(S, axis=1))' --wrt S -s S=n,n",
    # nothing to derive
    "derive 3 --wrt x -s x=n",
    "derive x --wrt y -s y=n",
    "derive x-x --wrt x",
    "derive x*0 --wrt x",
    "derive '(x > 0)*(y > 0)' --wrt x",
    "derive x/x --wrt x",
    # nowhere defined, or too large: an answer that could not be checked says so
    "derive log(-1)*x --wrt x",
    "derive x/0 --wrt x",
    "derive '(-8)**(1/3)*x' --wrt x",
    "derive 'log(-exp(x))' --wrt x",
    "derive '2**(10**40)*x' --wrt x",
    "derive 9**9**9**9*x --wrt x",
    "derive x==x --wrt x",
    "derive 'det(outer(x,y))' --wrt x -s x=n -s y=n",
    "derive 'layernorm(x)' --wrt x -s x=1",
    "derive 'x*(pi/arccos(5) > z)' --wrt x",
    "derive 'x**tan(2/0)' --wrt x",
    # a minus in front is no option
    "derive -x --wrt x",
    "derive -sum(x**2) --wrt x",
    "derive '-y + x' --wrt x",
    # names
    "derive pi --wrt pi -s pi=3",
    "derive e*x --wrt e -s e=n",
    "derive x_1+x__2 --wrt x_1",
    "derive λ*Δ@x --wrt λ",
    "derive n*x --wrt n -s x=3",
    "derive W@x --wrt W,x,W",
    # at a kink the answer says which side it shows
    "derive abs(x) --wrt x --at x=[0,1]",
    "derive relu(x) --wrt x --at x=[0,1]",
    "derive maximum(x,y) --wrt x --at x=1,y=1",
    # one-sided exponents and towers
    "derive x**x**x --wrt x",
    f"derive {'x**' * 40}x --wrt x -s x=()",
    "derive 'exp(exp(exp(x)))' --wrt x",
    "derive x**1e-9 --wrt x",
]


@pytest.mark.parametrize("command", ANSWERS)
def test_is_answered(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = asked(command, capsys)
    assert status == ANSWERED
    assert out


REFUSALS = {
    "derive 'x[5]' --wrt x --at x=[1,2]": "5",
    "derive 'A[100]' --wrt A --at A=[[0,0],[0,0]]": "100",
    "derive 'x[1:3]' --wrt x --at x=[1,2]": "3",
    "derive 'A[1:][:-1]' --wrt A --at A=[[1,0],[0,0]]": "nothing",
    "derive 'inv(A)' --wrt A --at A=[[1,2],[2,4]]": "inv(A)",
    "derive 'logdet(A)' --wrt A --at A=[[0,1],[1,0]]": "logdet(A)",
    "derive 'log(x)' --wrt x --at x=[0,1]": "log(x)",
    "derive 1/x --wrt x --at x=[0,1]": "1/x",
    "derive 'sqrt(x)' --wrt x --at x=[-1,1]": "sqrt(x)",
    "derive 'exp(x)' --wrt x --at x=[1000,1]": "not finite",
    "derive 'std(b)' --wrt b --at b=[0,0]": "std(b)",
    "derive 'norm(b)' --wrt b --at b=[0,0]": "norm(b)",
    "derive x --wrt n -s x=n": "'n'",
    "derive W@x --wrt z": "'z'",
    "derive": "no formula",
    "derive W@x --wrt ,": "variable",
    "derive W@x --wrt W -s W=0,3": "at least 1",
    "derive W@x --wrt W -s W=n/2": "not a size",
    "derive W@x --wrt W -s n=3 -s x=n": "rename",
    "derive W@x --wrt W --at W=[[1,2],[3]],x=[1,2]": "array of numbers",
    "derive W@x --wrt W --at W=[[1,2]],x=[1,2,3]": "2 in W and 3 in x",
    "derive W@x --wrt W --at W=[[1,2]],x=[1,2],y=3": "y",
    "derive W@x --wrt W --at W=nan,x=1": "W=nan",
    "derive W@x --wrt W --at W=no.npy,x=[1,2]": "no.npy",
    "derive -f no.jac --wrt W": "no.jac",
    "derive -f . --wrt W": ".",
    "derive W@x --wrt W --points 0": "points",
}


@pytest.mark.parametrize("command", REFUSALS)
def test_is_refused(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = asked(command, capsys)
    assert status == REFUSED
    assert out == ""
    assert REFUSALS[command] in err


@pytest.mark.parametrize(
    "formula", ["max(exp(x)*y*z)", "min(y*(x*w))", "max(x*y*c)", "max(x*3*y/7)", "sum(max(A*x*y, axis=1))"]
)
def test_the_largest_entry_is_found_however_the_argument_is_rounded(formula: str) -> None:
    """`x == max(x)` compares floating numbers: both sides must be worked out alike."""
    shapes = {name: size for name, size in {"A": "m,n", "x": "n", "y": "n", "c": ""}.items() if name in formula}
    report = jac.derive(formula, wrt="x", shapes=shapes).check(points=5)
    assert report.passed, report.engines


def test_sizes_are_what_python_users_write() -> None:
    assert jac.derive("W@x", wrt="W", shapes={"W": ("n", 3)}).shapes == {"W": ("n", 3), "x": (3,)}
    for shape in (("n,m",), (2.5, 3), ("",), (0,), (-1,), ("n", None), "n m"):
        with pytest.raises(InputError):
            jac.derive("W@x", wrt="W", shapes={"W": shape})  # type: ignore[dict-item]  # what is refused


def test_a_gradient_of_nothing_in_large_is_quick(capsys: pytest.CaptureFixture[str]) -> None:
    command = "derive b --wrt c -s b=() -s c=700,500 --json"
    status, out, _ = asked(command, capsys)
    assert status == ANSWERED
    assert json.loads(out)["answers"][0]["gradient"]["closed_form"] == "zeros(700, 500)"
    assert calls(lambda: asked(command, capsys)) < 200_000


@pytest.mark.parametrize("formula", ["sum(abs(x))/0", "x.T@y/(1 - 1)"])
def test_what_could_not_be_checked_says_so(formula: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = asked(f"derive '{formula}' --wrt x", capsys)
    assert "not checked" in out
