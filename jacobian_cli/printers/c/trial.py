"""A `main` that holds the functions of a file against central differences of `value`, at points of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from jacobian_cli.printers.c.entries import free
from jacobian_cli.printers.c.module import entries
from jacobian_cli.printers.numpy.module import Function
from jacobian_cli.shape import Shape

POINTS = 5
_TOOLS = {
    "uniform": """static unsigned long {state} = 2463534242UL;

static double {uniform}(double low, double high) {{
    /* Marsaglia's xorshift of 32 bits */
    {state} ^= ({state} << 13) & 0xffffffffUL;
    {state} ^= {state} >> 17;
    {state} ^= ({state} << 5) & 0xffffffffUL;
    return low + (high - low)*(double){state}/4294967296.0;
}}""",
    "draw": """static void {draw}(double *x, int count, double low, double high) {{
    for (int k = 0; k < count; k++) {{
        x[k] = {uniform}(low, high);
    }}
}}""",
    "shares": """static void {shares}(double *x, int count, int length) {{
    {draw}(x, count, 0.3, 1.7);
    for (int k = 0; k < count; k += length) {{
        double total = 0.0;
        for (int j = 0; j < length; j++) {{
            total += x[k + j];
        }}
        for (int j = 0; j < length; j++) {{
            x[k + j] /= total;
        }}
    }}
}}""",
    "either": """static void {either}(double *x, int count, double low) {{
    /* low or 1 each */
    for (int k = 0; k < count; k++) {{
        x[k] = {uniform}(0.0, 1.0) < 0.5 ? low : 1.0;
    }}
}}""",
    "masks": """static void {masks}(double *x, int count, int length) {{
    /* of no row nothing is picked */
    {either}(x, count, 0.0);
    for (int k = 0; k < count; k += length) {{
        x[k] = 1.0;
    }}
}}""",
    "one_hot": """static void {one_hot}(double *x, int count, int length) {{
    for (int k = 0; k < count; k++) {{
        x[k] = 0.0;
    }}
    for (int k = 0; k < count; k += length) {{
        x[k + (int){uniform}(0.0, length)] = 1.0;
    }}
}}""",
    "dominant": """static void {dominant}(double *x, int rows) {{
    for (int i = 0; i < rows; i++) {{
        for (int j = 0; j < i; j++) {{
            x[rows*i + j] = x[rows*j + i] = {uniform}(0.08, 0.42);
        }}
        x[rows*i + i] = {uniform}(1.0, 2.0) + rows/4.0;
    }}
}}""",
    "same": """static int {same}(const char *what, const double *found, const double *expected, int count) {{
    double scale = 1.0;
    for (int k = 0; k < count; k++) {{
        scale = fabs(expected[k]) > scale ? fabs(expected[k]) : scale;
    }}
    for (int k = 0; k < count; k++) {{
        if (!(fabs(found[k] - expected[k]) <= 1e-6*scale)) {{
            printf("%s: entry %d is %.12g, by differences %.12g\\n", what, k, found[k], expected[k]);
            return 1;
        }}
    }}
    return 0;
}}""",
}
_OF_ROWS = {"shares": "shares", "binary": "masks", "one_hot": "one_hot"}
_RANGES = {"plain": "-1.7, 1.7", "positive": "0.3, 1.7", "unit": "0.15, 0.85", "dominant": "0.3, 1.7"}


@dataclass(frozen=True)
class Asked:
    """What is tested: the functions, and how the values of each variable are drawn."""

    functions: Mapping[str, Function]
    kinds: Mapping[str, str]
    names: Mapping[str, str]
    """Of each argument in the file."""
    wrt: Mapping[str, str]
    """Each variable, and what names of functions end in."""
    sizes: Mapping[str, int]


class Trial:
    """The text of the test, in names that are free."""

    def __init__(self, asked: Asked, taken: set[str]) -> None:
        self.asked = asked
        self.taken = {*taken, *asked.names.values()}
        self.tools = {tool: free(tool, self.taken) for tool in ("state", *_TOOLS)}
        value = asked.functions["value"]
        self.variables = {n: value.shapes[n] for n in value.arguments}
        self.at = {name: free(f"at_{asked.names[name]}", self.taken) for name in self.variables}
        self.size = self._count(value.result.shape)
        self.arrays: dict[str, int] = {}

    def text(self) -> str:
        """What stands behind `#ifdef JAC_TEST`."""
        checks = [line for name, suffix in self.asked.wrt.items() for line in self._of(name, suffix)]
        draws = [self._drawn(name, shape) for name, shape in self.variables.items()]
        used = " ".join([*draws, *checks])
        wanted = {"uniform", "same", "draw"} | {tool for tool in _TOOLS if f"{self.tools[tool]}(" in used}
        wanted |= {"either"} if "masks" in wanted else set()
        globals_ = [f"static double {self.at[n]}[{self._count(shape)}];" for n, shape in self.variables.items()]
        body = [
            *[f"static double {name}[{size}];" for name, size in self.arrays.items()],
            "int wrong = 0;",
            "if (argc > 1) {",
            f"    {self.tools['state']} ^= strtoul(argv[1], NULL, 10) & 0xffffffUL;",
            "}",
            f"for (int point = 0; point < {POINTS}; point++) {{",
            *(f"    {line}" for line in [*draws, *checks]),
            "}",
            f'puts(wrong ? "wrong" : "right at {POINTS} points");',
            "return wrong != 0;",
        ]
        return "\n".join(
            [
                "#ifdef JAC_TEST",
                "/* cc -std=c99 -DJAC_TEST FILE -lm && ./a.out, against differences; ./a.out 7 draws other points */",
                "#include <stdio.h>",
                "#include <stdlib.h>",
                "",
                *globals_,
                "",
                "\n\n".join(text.format(**self.tools) for tool, text in _TOOLS.items() if tool in wanted),
                "",
                "int main(int argc, char **argv) {",
                *(f"    {line}" for line in body),
                "}",
                "#endif",
            ]
        )

    def _count(self, shape: Shape) -> int:
        return entries(shape, self.asked.sizes)

    def _drawn(self, name: str, shape: Shape) -> str:
        kind, size = self.asked.kinds[name], self._count(shape)
        lengths = [each.at(self.asked.sizes) for each in shape]
        if kind in _OF_ROWS:
            return f"{self.tools[_OF_ROWS[kind]]}({self.at[name]}, {size}, {lengths[-1] if lengths else 1});"
        if kind == "signs":
            return f"{self.tools['either']}({self.at[name]}, {size}, -1.0);"
        if kind == "dominant" and len(lengths) == 2 and lengths[0] == lengths[1]:
            return f"{self.tools['dominant']}({self.at[name]}, {lengths[0]});"
        return f"{self.tools['draw']}({self.at[name]}, {size}, {_RANGES.get(kind, _RANGES['plain'])});"

    def _array(self, name: str, size: int) -> str:
        """An array of `main`; one of a name is as large as any that is asked for."""
        self.arrays[name] = max(size, self.arrays.get(name, 0))
        return name

    def _call(self, function: Function, out: str, first: Mapping[str, str] | None = None) -> list[str]:
        """A call whose value lies in `out` afterwards."""
        given = {**self.at, **(first or {})}
        arguments = [given[n] if function.shapes[n] else f"{given[n]}[0]" for n in function.arguments]
        for name, form in function.others:
            slot = self._array(f"grad{list(dict(function.others)).index(name)}", self._count(form.shape))
            arguments.append(slot)
        if function.result.shape:
            return [f"{function.name}({', '.join([*arguments, out])});"]
        return [f"{out}[0] = {function.name}({', '.join(arguments)});"]

    def _slopes(self, function: Function, name: str, out: str) -> list[str]:
        """The matrix of differences of a function by a variable, of fourth order."""
        x, entries, rows = self.at[name], self._count(self.variables[name]), self._count(function.result.shape)
        self._array(out, rows * entries)
        moved = self._array("moved", rows)
        return [
            f"for (int k = 0; k < {entries}; k++) {{",
            f"    const double held = {x}[k], far[4] = {{2.0, -2.0, 1.0, -1.0}}, weight[4] = {{-1.0, 1.0, 8.0, -8.0}};",
            f"    for (int r = 0; r < {rows}; r++) {{",
            f"        {out}[{entries}*r + k] = 0.0;",
            "    }",
            "    for (int step = 0; step < 4; step++) {",
            f"        {x}[k] = held + 1e-4*far[step];",
            *(f"        {line}" for line in self._call(function, moved)),
            f"        for (int r = 0; r < {rows}; r++) {{",
            f"            {out}[{entries}*r + k] += weight[step]*{moved}[r]/12e-4;",
            "        }",
            "    }",
            f"    {x}[k] = held;",
            "}",
        ]

    def _of(self, name: str, suffix: str) -> list[str]:
        """What is checked of the derivatives by one variable."""
        functions = self.asked.functions
        entries = self._count(self.variables[name])
        lines = self._slopes(functions["value"], name, "slope")
        for kind in ("jacobian", "gradient"):
            if found := functions.get(kind + suffix):
                lines += self._held(found, "slope", self.size * entries)
        if back := functions.get("vjp" + suffix):
            delta = self._array("delta", self.size)
            expected = self._array("expected", max(entries, self.size))
            lines += [
                f"{self.tools['draw']}({delta}, {self.size}, -1.0, 1.0);",
                *_contracted(expected, "slope", delta, entries, self.size, turned=True),
                *self._held(back, expected, entries, {back.arguments[0]: delta}),
            ]
        if along := functions.get("jvp" + suffix):
            lines += self._along(along, "slope", entries, self.size)
        if second := functions.get("hessian" + suffix):
            lines += self._slopes(functions["gradient" + suffix], name, "bend")
            lines += self._held(second, "bend", entries * entries)
            if bent := functions.get("hvp" + suffix):
                lines += self._along(bent, "bend", entries, entries)
        if joint := functions.get("value_and_gradient"):
            place = [n for n, _ in joint.others].index(name)
            lines += self._call(joint, self._array("found", 1))
            lines += self._same(f"value_and_gradient, {name}", f"grad{place}", "slope", entries)
        return lines

    def _along(self, function: Function, matrix: str, entries: int, rows: int) -> list[str]:
        v, expected = self._array("v", entries), self._array("expected", max(entries, rows))
        return [
            f"{self.tools['draw']}({v}, {entries}, -1.0, 1.0);",
            *_contracted(expected, matrix, v, entries, rows, turned=False),
            *self._held(function, expected, rows, {function.arguments[-1]: v}),
        ]

    def _held(self, function: Function, expected: str, size: int, first: Mapping[str, str] | None = None) -> list[str]:
        found = self._array("found", size)
        return [*self._call(function, found, first), *self._same(function.name, found, expected, size)]

    def _same(self, what: str, found: str, expected: str, size: int) -> list[str]:
        return [f'wrong += {self.tools["same"]}("{what}", {found}, {expected}, {size});']


def _contracted(out: str, matrix: str, vector: str, entries: int, rows: int, *, turned: bool) -> list[str]:
    """A matrix times a vector, or its transpose."""
    first, second, place = ("k", "r", f"{out}[k]") if turned else ("r", "k", f"{out}[r]")
    many = {"k": entries, "r": rows}
    return [
        f"for (int {first} = 0; {first} < {many[first]}; {first}++) {{",
        f"    {place} = 0.0;",
        f"    for (int {second} = 0; {second} < {many[second]}; {second}++) {{",
        f"        {place} += {matrix}[{entries}*r + k]*{vector}[{second}];",
        "    }",
        "}",
    ]
