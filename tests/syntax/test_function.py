"""Python functions: read by their tree, never run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import jacobian_cli as jac
from jacobian_cli.syntax.errors import InputError

READ = {
    "renamed": (
        "def f(x, y):\n    x, y = y, x\n    x += 1\n    return (x * y).sum()\n",
        "x",
        {},
        "x_2 = y + 1; sum(x_2*x)",
    ),
    "defaults": (
        'def f(W, x, lam=0.1):\n    "Doc."\n    r = W @ x  # a comment\n    return r @ r + lam * (W**2).sum()\n',
        "W",
        {},
        "lam = 0.1; r = W@x; r@r + lam*sum(W**2)",
    ),
    "declared default": (
        "def f(x, lam=0.1):\n    return lam * (x**2).sum()\n",
        "x",
        {"lam": "()"},
        "lam*sum(x**2)",
    ),
    "sizes": ("def f(X, w):\n    n, d = X.shape\n    return (X @ w).sum() / n\n", "w", {"X": "n,m"}, "sum(X@w)/n"),
    "own softmax": (
        (
            "def softmax(z):\n    e = np.exp(z)\n    return e / e.sum()\n"
            "def f(W, x):\n    return np.log(softmax(W @ x)).sum()\n"
        ),
        "W",
        {},
        "z = W@x; e_ = exp(z); softmax_ = e_/sum(e_); sum(log(softmax_))",
    ),
    "shadowing": ("def f(x):\n    var = x.mean()\n    norm = x - var\n    return (norm**2).sum()\n", "x", {}, None),
    "constants": ("EPS = 1e-3\ndef f(x):\n    return x / (x.sum() + EPS)\n", "x", {}, "x/(sum(x) + 0.001)"),
    "imports": (
        "from numpy import exp, dot\nfrom scipy.special import expit as sig\ndef f(w, x):\n    return sig(dot(w, x))\n",
        "w",
        {},
        "expit(w@x)",
    ),
    "lambdas": ("g = lambda z: z**2\ndef f(x):\n    h = lambda t: t + 1\n    return g(h(x)).sum()\n", "x", {}, None),
    "a pair": ("def f(S):\n    sign, val = np.linalg.slogdet(S)\n    return val\n", "S", {}, "val = slogdet(S); val"),
    "a lambda": ("lambda x, A: x.T @ A @ x", "x", {}, "x.T@A@x"),
    "closure": (
        "def f(x, A):\n    def q(v):\n        return v @ A @ v\n    return q(x) + q(2 * x)\n",
        "x",
        {},
        "q = x.T@A@x; v = 2*x; q_2 = v.T@A@v; q + q_2",
    ),
    "in place": (
        "def f(W, x, b):\n    z = W @ x\n    z.add_(b)\n    return torch.tanh_(z)\n",
        "W",
        {},
        "z = W@x; z_2 = z + b; z_3 = tanh(z_2); z_3",
    ),
    "in place twice": (
        "def f(x):\n    z = x * 2\n    h = z.mul_(3).add_(1)\n    return h + z\n",
        "x",
        {},
        "z = x*2; z_2 = z*3; z_3 = z_2 + 1; z_3 + z_3",
    ),
    "a Greek default": ("def f(a, beta=0.1):\n    return (beta * a).sum()\n", "a", {}, "beta = 0.1; sum(beta*a)"),
    "a size without a name": (
        "def f(X, y):\n    return np.linalg.solve(X.T @ X + np.eye(X.shape[1]), X.T @ y)\n",
        "y",
        {},
        "solve(X.T@X + eye(n), X.T@y)",
    ),
    "unpacked": (
        "def f(X):\n    B, T, C = X.shape\n    return X.view(B * T, C).sum()\n",
        "X",
        {},
        "sum(reshape(X, n*m, k))",
    ),
    "numbers of rows": (
        "def f(A, B):\n    rows = torch.arange(len(A))\n    return F.cross_entropy(A @ B.T, rows)\n",
        "A",
        {},
        "-mean(diag(log_softmax(A@B.T)))",
    ),
    "annotations": (
        "def f(x: int, *, k: float = 2.0) -> float:\n    assert k\n    y: int = x**k\n    return y\n",
        "x",
        {},
        None,
    ),
}


@pytest.mark.parametrize("case", READ)
def test_is_read(case: str) -> None:
    source, wrt, shapes, meant = READ[case]
    found = jac.derive(jac.read_source(source), wrt=wrt, shapes=shapes)
    assert found.check(points=1).passed
    assert meant is None or found.read == meant


REFUSED = {
    "loop": ("def f(x):\n    for i in x:\n        pass\n    return x\n", "line 2: a loop"),
    "branch": ("def f(x):\n    if x > 0:\n        return x\n    return -x\n", "line 2: a branch"),
    "choice": ("def f(x):\n    return x if x > 0 else -x\n", "line 2: a choice"),
    "unknown": ("def f(x):\n    return g(x)\n", "line 2: 'g' is not known"),
    "random": ("def f(x):\n    return x + np.random.randn(3)\n", "line 2: 'random' is not"),
    "entries": ("def f(x):\n    x[0] = 1\n    return x\n", "line 2: an assignment to entries"),
    "import": ("def f(x):\n    import os\n    return x\n", "line 2: an import"),
    "itself": ("def f(x):\n    return f(x)\n", "calls itself"),
    "several": ("def f(x):\n    return x, x\n", "line 2: several values"),
    "nothing": ("def f(x):\n    y = x\n", "returns nothing"),
    "two": ("def f(x): return x\ndef g(x): return x\n", "which function? there are f, g"),
    "none": ("x = 3\n", "no function"),
    "syntax": ("def f(x)\n    return x\n", "line 1: this is not Python"),
    "block": ("def f(x):\n    with g():\n        return x\n", "line 2: a block"),
    "comprehension": ("def f(x):\n    return sum([a for a in x])\n", "line 2: a loop in brackets"),
    "unpacked": ("def f(p, x):\n    W, b = p + 1\n    return W @ x + b\n", "line 2: what is unpacked"),
    "parts and whole": ("def f(p, x):\n    W, b = p\n    return W @ x + b + p.sum()\n", "line 3: p holds W, b here"),
    "class": (
        "class A:\n    def f(self, x):\n        return x\n    def g(self, x):\n        return x\n",
        "which method?",
    ),
    "stars": ("def f(*x):\n    return x\n", "*args"),
    "call": ("def f(x):\n    x.sort()\n    return x\n", "line 2: a call"),
    "system": ('def f(x):\n    return __import__("os").system("true")\n', "line 2: 'system' is not known"),
    "long": ("def f(x):\n    return x\n" + "#" * 500_000, "characters"),
    "deep": ("def f(x):\n    return " + "(" * 150 + "x" + "+1)" * 150 + "+1" * 2000 + "\n", "nested"),
    "zero": ("def f(x):\n    return x\0\n", "not Python"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_is_refused_with_its_line(case: str) -> None:
    source, said = REFUSED[case]
    with pytest.raises(InputError) as caught:
        jac.derive(jac.read_source(source), wrt="x")
    assert said in str(caught.value)


def test_one_of_several_is_named() -> None:
    source = "def f(x): return x\ndef g(x): return 2*x\n"
    assert jac.derive(jac.read_source(source, "g"), wrt="x").read == "2*x"
    with pytest.raises(InputError, match="there is no function 'h'"):
        jac.read_source(source, "h")


def _jac(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "jacobian_cli", *arguments], capture_output=True, text=True, check=False
    )


def test_files(tmp_path: Path) -> None:
    file = tmp_path / "model.py"
    file.write_text("def loss(W, x):\n    return ((W @ x)**2).sum()\n\ndef other(x):\n    return x\n", encoding="utf-8")
    done = _jac("derive", "--source", f"{file}:loss", "--wrt", "W")
    assert done.returncode == 0, done.stderr
    assert "read as  sum((W@x)**2)" in done.stdout
    latin = tmp_path / "latin.py"
    latin.write_bytes("# é\ndef f(x): return x\n".encode("latin-1"))
    bad = tmp_path / "bad.py"
    bad.write_text("def f(x):\n    return while\n", encoding="utf-8")
    for named, said in {
        str(tmp_path / "nothing.py"): "there is no file",
        str(tmp_path): "is a directory",
        str(latin): "not UTF-8",
        str(bad): "bad.py:2:12: this is not Python",
        str(file): "which function?",
        f"{file}:third": "no function 'third'",
    }.items():
        done = _jac("derive", "--source", named, "--wrt", "x")
        assert done.returncode == 2
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    assert "is a folder" in _jac("derive", "-f", str(tmp_path), "--wrt", "x").stderr


METHODS = {
    "M.f": (
        (
            "class M:\n    def f(self, X, y):\n        return ((self.g(X) - y) ** 2).mean() + self.w @ self.w\n"
            "    def g(self, X):\n        w = 2\n        return w * (X @ self.w)\n"
        ),
        "w",
        "g = 2*(X@w); mean((g - y)**2) + w@w",
    ),
    "forward": (
        (
            "class Net(nn.Module):\n    def __init__(self, d):\n        super().__init__()\n"
            "        self.fc = nn.Linear(d, 3)\n        self.act = nn.ReLU()\n        self.half = 0.5\n"
            "    def forward(self, x):\n        return self.half * self.act(self.fc(x))\n"
        ),
        "W_fc",
        "0.5*relu(W_fc@x + b_fc)",
    ),
    "A.f": (
        (
            "class A:\n    @property\n    def v(self):\n        return self.w * 2\n"
            "    def f(self, x):\n        w = 3\n        return self.v @ x * w\n"
        ),
        "x",
        "v = w*2; v@x*3",
    ),
}


@pytest.mark.parametrize("name", METHODS)
def test_a_method_is_read_by_its_name(name: str) -> None:
    source, wrt, meant = METHODS[name]
    found = jac.derive(jac.read_source(source, name), wrt=wrt)
    assert isinstance(found, jac.Derivation)
    assert found.problem.read == meant
    with pytest.raises(InputError, match="which method"):
        jac.read_source(source)


@pytest.mark.parametrize(
    "source",
    [
        "class A:\n    def f(self, x):\n        return self.x*x\n",
        "class A:\n    def __init__(self, n):\n        self.k = n*2\n    def f(self, x):\n        return self.k*x\n",
        "class A:\n    def __init__(self):\n        self.d = nn.Foo()\n    def f(self, x):\n        return self.d(x)\n",
        "class A:\n    def f(self, x):\n        self.h = x\n        return x\n",
        "class A:\n    def f(self, x):\n        return self.f(x)\n",
    ],
)
def test_what_an_object_holds_is_not_guessed(source: str) -> None:
    with pytest.raises(InputError):
        jac.read_source(source, "f")


def test_what_is_left_out_is_none() -> None:
    source = (
        "def f(x, A, mask=None):\n    y = A @ x\n    if mask is not None:\n        y = y * mask\n"
        "    return g(y)\n"
        "def g(y, w=None):\n    return y @ (y if w is None else w)\n"
    )
    found = jac.derive(jac.read_source(source), wrt="x")
    assert isinstance(found, jac.Derivation)
    assert found.problem.read == "y = A@x; g = y@y; g"
    assert found.warnings == ("mask is None, as it is where it is left out",)
    with pytest.raises(InputError, match="numbers of rows"):
        jac.read_source("def f(x):\n    i = np.arange(3)\n    return x * i\n")


def test_what_changes_an_array_under_two_names_is_refused() -> None:
    for line in ("y = z.T\n    y += 1", "y = z[0]\n    z.add_(1)", "y = z\n    z[0].add_(1)"):
        with pytest.raises(InputError):
            jac.read_source(f"def f(A):\n    z = A * 2\n    {line}\n    return z * y\n")


OPTIONS = {
    "def f(x, axis=-1):\n    return np.max(x, axis=axis) + x.sum(axis)": "max(x, axis=-1) + sum(x, axis=-1)",
    "def f(x, p=2):\n    return np.sum(np.power(x, p))": "p = 2; sum(x**p)",
    "def f(x, root=False):\n    d = np.sum(x)\n    if root:\n        return -d\n    return d": "d = sum(x); d",
    "def f(x, root=False):\n    return np.sum(x) if not root else np.sqrt(np.sum(x))": "sum(x)",
    "def f(x, kind='sum'):\n    if kind == 'mean':\n        return x.mean()\n    return x.sum()": "sum(x)",
}


@pytest.mark.parametrize("source", OPTIONS)
def test_a_parameter_that_says_how_is_what_its_default_is(source: str) -> None:
    found = jac.derive(jac.read_source(source), wrt="x", shapes={"x": "n"})
    assert isinstance(found, jac.Derivation)
    assert found.read == OPTIONS[source]
    assert bool(found.warnings) == ("root" in source or "kind" in source)


def test_a_parameter_that_is_left_out_is_a_variable_where_it_is_asked_for() -> None:
    source = "def f(x, y=None):\n    if y is None:\n        y = x\n    return np.sum((x - 2*y)**2)"
    for wrt, shapes, read in (("x", {}, "x - 2*x"), ("x", {"y": "n"}, "x - 2*y"), ("y", {}, "x - 2*y")):
        found = jac.derive(jac.read_source(source), wrt=wrt, shapes=shapes)
        assert isinstance(found, jac.Derivation)
        assert found.read == f"sum(({read})**2)"
        assert bool(found.warnings) == (read == "x - 2*x")


_AUDITED = """
import sys
import jacobian_cli as jac
from jacobian_cli.api.derive import proof  # what answers load is loaded before it is watched

seen = []
jac.derive("np.exp(x)", wrt="x"), jac.derive(r"\\exp x", wrt="x"), jac.derive("x'*x .* 1", wrt="x")
jac.read_source("def f(x): return x")
names = ("os.system", "subprocess.Popen", "exec", "os.exec", "socket.connect", "open", "import")
sys.addaudithook(lambda event, _: seen.append(event) if event in names else None)
for text in sys.argv[2:]:
    try:
        if sys.argv[1] == "source":
            jac.read_source(text)
        else:
            jac.derive(text, wrt="x", syntax=sys.argv[1])
    except jac.InputError:
        pass
print(*seen)
"""


@pytest.mark.parametrize(
    ("syntax", "text"),
    [
        ("source", "import os\nos.system('true')\ndef f(x):\n    return __import__('os').system('true')\n"),
        ("source", "def f(x=open('/etc/passwd')):\n    return eval('1')\n"),
        ("latex", r"\input{/etc/passwd} \write18{true} x"),
        ("numpy", "np.exp(x) + __import__('os').system('true')"),
        ("math", "x + __import__('os')"),
        ("matlab", "system('true') .* x"),
    ],
)
def test_nothing_is_executed(syntax: str, text: str) -> None:
    script = [sys.executable, "-c", _AUDITED, syntax, text]
    done = subprocess.run(script, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
