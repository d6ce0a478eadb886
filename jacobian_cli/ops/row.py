"""What the table knows about one function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from enum import Enum
from typing import Any, NamedTuple

from jacobian_cli.ops.structure import MASKS, Algebra, one_hot, take
from jacobian_cli.records import record
from jacobian_cli.shape import Shape, Unifier

Settle = Callable[[list[Shape], dict[str, Any], Unifier], dict[str, Any]]
Rule = Callable[[list[Shape], dict[str, Any], Unifier], Shape]
Form = Callable[[Algebra, list[Any], list[Shape], dict[str, Any]], Any]


COMMUTING = "where it commutes"
"""The key in `given` of a function of a matrix for f'(A), its derivative where df = f'(A) dA as of numbers."""
LOGITS, PROBABILITIES, LOG_PROBABILITIES, TARGETS = "logits", "probabilities", "log-probabilities", "targets"
DISTRIBUTION = "a distribution"
"""What losses take, and what functions give."""
TRACED = "under a trace"
"""The same key where that is so under a trace only."""


class Kind(Enum):
    """How a function treats axes; everything else about it is in its row."""

    ELEMENTWISE = "element-wise, with broadcasting"
    CONTRACTION = "a sum of products, written in index notation"
    REDUCTION = "over the axes given, or over everything"
    ROW = "on each row: along the last axis, or the one given"
    SHARE = "what part of the whole each entry has, over the axes given, or over everything"
    CORE = "on whole vectors or matrices; axes in front of these run along"
    FORMULA = "short for its definition"
    SHAPE = "makes or rearranges entries"


class Role(NamedTuple):
    """What a loss takes, and what a function gives that a loss may take."""

    takes: tuple[str, ...] = ()
    """What each parameter is, of logits, probabilities, log-probabilities, targets and distributions, which may be
    products of matrices."""
    gives: str = ""
    """What its value is among these, where it is one of them."""
    link: str = ""
    """What makes probabilities of logits."""
    elsewhere: str = ""
    """The one of others that takes log-probabilities instead, a template in both arguments."""


class Law(NamedTuple):
    """The rule that differentiates a function, where that is not "derivative of" it, and the rule in a few words."""

    name: str = ""
    why: str = ""


@record(frozen=True, slots=True, kw_only=True, eq=False)
class Row:
    """One function of the language.

    A row is primitive (it has a derivative) or composite (only a definition); its texts are expressions
    of the language in the names of `parameters` and `ans`, the function's own value. For a function of
    vectors or matrices each derivative is the tensor of partials with axes out + in.
    """

    name: str
    summary: str
    kind: Kind = Kind.ELEMENTWISE
    parameters: tuple[str, ...] = ("x",)
    options: tuple[str, ...] = ()
    """What it takes that is not a value: `axis`, `axes`, `keepdims`, `sizes`, `shape`, `subscripts`, `index`."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Parameters that are whole numbers, and where they begin: those from 1 on are written out, those from 0 on are
    places of entries. By them nothing is differentiated.
    """
    defaults: Mapping[str, str] = field(default_factory=dict)
    """The value of a parameter that may be left out, as text."""
    signatures: tuple[str, ...] = ("()->()",)
    """Generalised-ufunc signatures, or index notation for contractions; the first that fits is taken.
    A literal `1` is an axis of length one."""
    rule: Rule | None = None
    """The shape rule, where no signature can say it. It raises `ShapeError`."""
    settle: Settle | None = None
    """Makes options definite once shapes are known: the -1 of a reshape, the dots of an index."""
    given: Mapping[str, str] = field(default_factory=dict)
    """What it is read as where an option of this name is given: a text in its parameters, the option, `N` entries and
    `n` by `m` matrices. `ord=1` is for that value, `ord=1 of matrices` for that of a whole matrix, `k>0` for whole
    numbers above zero, as `{k}` without their sign; reductions in it run along the axis given. `of a scalar` is for a
    function of matrices, a scalar being a 1 × 1 matrix; `of two values` and `without options` name another function.
    `without b` is for a parameter `b` that is left out.
    """
    second: Mapping[str, str] = field(default_factory=dict)
    """Which of these options a positional argument behind the others gives too, and in words what it may be."""
    form: Form | None = None
    """The index form, where the signature does not already say it."""
    derivative: tuple[str, ...] = ()
    """The partial derivative to each parameter; nothing to a whole one."""
    computed: Mapping[str, str] = field(default_factory=dict)
    """How `ans` and the derivative to a parameter are computed and exported, where what is shown is shorter, but
    overflows, or has no value somewhere where the function has one, or a derivative.
    """
    backward: tuple[str, ...] = ()
    """The backward rule to each parameter, where the derivative as a tensor would be wasteful: `delta` is the
    gradient that arrives."""
    definition: str = ""
    """The function in terms of others. In a reduction `N` is the number of entries reduced, in a function of
    matrices the number of rows.
    """
    algebra: str = ""
    """`sum`, `product` or `power`: the arithmetic that index calculus does itself."""
    numpy: str = ""
    """NumPy's name for it; without one or a kernel its definition is evaluated."""
    kernel: Callable[..., Any] | None = None
    """What it is in NumPy, where NumPy lacks it: called with a module that is like NumPy, then with the values.
    Its own source is what exported code holds.
    """
    sympy: str = ""
    """SymPy's name for it; without one its definition is used."""
    math: str = ""
    """How it is written in mathematics: a name, a sign, or a template with `{}` for the argument."""
    latex: str = ""
    domain: tuple[str, ...] = ()
    """Expressions that must be positive."""
    nonzero: tuple[str, ...] = ()
    """Expressions that must not be zero."""
    divides: tuple[str, ...] = ()
    """Expressions that its derivative, as it is written, divides by: at their zeros there is a derivative too."""
    steep: bool = False
    """Whether it overflows already where its argument is in the hundreds."""
    kinks: tuple[str, ...] = ()
    """Expressions at whose zeros the derivative jumps; there the derivative shows one side's choice."""
    flow: str = ""
    """What its backward does to the gradient that arrives, in the words of a lecture."""
    moves: bool = False
    """Whether its value is made of entries of its arguments, in other places."""
    reads: Callable[..., Any] | None = None
    """What it is read as, for what only rearranges: called with what applies a function, the arguments, and the options
    by their names. Options that `defaults` does not list must be given.
    """
    values: tuple[str, ...] = ()
    """Which options of what is read as others are values: `gain`."""
    own: Callable[[], Any] | None = None
    """For a function that a user registered: what makes an operation with `forward` and `backward`."""
    role: Role = Role()
    """What it takes and gives, of logits, probabilities and their logarithms."""
    law: Law = Law()
    """The rule that differentiates it, where that has a name of its own."""
    symbol: str = ""
    """The letter its value usually bears: `p` for a softmax, `h` for an activation."""
    named: bool = False
    """Whether its value is named wherever it repeats, however short its argument."""
    example: str = ""
    """A formula that shows it, for the documentation and the tests."""

    @property
    def lacks(self) -> str:
        """What is missing in it for anybody to use it, in words; nothing where it is complete.

        >>> Row(name="f", summary="a function without a meaning").lacks
        'neither a definition, nor a kernel, nor a name in NumPy; neither a definition nor a derivative'
        """
        if self.definition or self.form or self.own or self.reads or self.algebra or self.kind is Kind.CONTRACTION:
            return ""
        value = "" if self.kernel or self.numpy else "neither a definition, nor a kernel, nor a name in NumPy"
        slope = "" if self.derivative else "neither a definition nor a derivative"
        return "; ".join(filter(None, (value, slope)))

    @property
    def called(self) -> bool:
        """Whether it is called by name; operators are not."""
        return self.name.isidentifier()

    @property
    def steady(self) -> str:
        """The same function in terms none of which overflows."""
        return self.computed.get("ans", "")

    @property
    def everywhere(self) -> tuple[str, ...]:
        """The derivative to each parameter, in terms that have a value wherever there is a derivative."""
        pairs = zip(self.parameters, self.derivative, strict=False)
        return tuple(self.computed.get(name, rule) for name, rule in pairs) if self.computed.keys() - {"ans"} else ()

    @property
    def whole(self) -> tuple[str, ...]:
        """Parameters that are whole numbers from 1 on."""
        return tuple(name for name, first in self.counts.items() if first) if self.counts else ()

    @property
    def places(self) -> tuple[str, ...]:
        """Parameters that hold places, counted from 0."""
        return tuple(name for name, first in self.counts.items() if not first) if self.counts else ()

    @property
    def mask(self) -> bool:
        """Whether it multiplies the entries by constants, those on the diagonal by 1."""
        return self.form in MASKS

    @property
    def of_scalar(self) -> str:
        """For a function of matrices: what it is of a scalar."""
        return self.given.get("of a scalar", "")

    @property
    def of_two(self) -> str:
        """For a reduction, the function meant when it is called with two values: `max(a, b)`."""
        return self.given.get("of two values", "")

    @property
    def bare(self) -> str:
        """The function meant when it is called without its options."""
        return self.given.get("without options", "")

    @property
    def of_places(self) -> str:
        """What it is where its second argument holds the place of one entry in each row of its first."""
        return self.given.get("of places", "")

    @property
    def gathers(self) -> bool:
        """Whether it is written as an index, its second argument between the brackets."""
        return self.form is take

    @property
    def picking(self) -> bool:
        """Whether its value is rows of an identity matrix, at the places given."""
        return self.form is one_hot

    @property
    def is_arithmetic(self) -> bool:
        """Whether it is an operator that index calculus works out itself: + - * / **."""
        return not self.called and bool(self.algebra or self.definition)

    def __post_init__(self) -> None:
        if self.derivative and len(self.derivative) != len(self.parameters):
            raise AssertionError(f"row {self.name}: one derivative per parameter")
