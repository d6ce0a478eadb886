"""What the functions of the language are called in C's `math.h`, and the text of those that C lacks.

All others are written from their definitions in the table. In a text `{name}` is the function's own name, `{n}` the
number of entries, or of rows, and `{nn}` its square.
"""

from __future__ import annotations

_SAME = (
    "exp log log1p expm1 sqrt floor ceil trunc sin cos tan sinh cosh tanh log2 log10 exp2 cbrt hypot erf erfc lgamma"
)
MATH = {
    **{name: name for name in _SAME.split()},
    "abs": "fabs", "round": "rint", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2",
    "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
}  # fmt: skip
"""The name of each function that `math.h` has."""
CONSTANTS = {"pi": "3.141592653589793", "e": "2.718281828459045", "inf": "INFINITY"}
ENTRIES = {
    "maximum": """static double {name}(double x, double y) {{
    return x > y || x != x ? x : y;
}}""",
    "minimum": """static double {name}(double x, double y) {{
    return x < y || x != x ? x : y;
}}""",
    "sign": """static double {name}(double x) {{
    return x > 0 ? 1.0 : x < 0 ? -1.0 : x;
}}""",
    "sinc": """static double {name}(double x) {{
    x *= 3.141592653589793;
    return x == 0 ? 1.0 : sin(x)/x;
}}""",
    "logaddexp": """static double {name}(double x, double y) {{
    if (x == y) {{
        return x + 0.6931471805599453;
    }}
    return (x > y ? x : y) + log1p(exp(-fabs(x - y)));
}}""",
}
"""Functions of one entry."""
_LU = """    double lu[{nn}], sign = 1.0;
    for (int k = 0; k < {nn}; k++) {{
        lu[k] = x[k];
    }}
    for (int k = 0; k < {n}; k++) {{
        int top = k;
        for (int i = k + 1; i < {n}; i++) {{
            if (fabs(lu[{n}*i + k]) > fabs(lu[{n}*top + k])) {{
                top = i;
            }}
        }}
        if (top != k) {{
            sign = -sign;
            for (int j = 0; j < {n}; j++) {{
                double held = lu[{n}*k + j];
                lu[{n}*k + j] = lu[{n}*top + j];
                lu[{n}*top + j] = held;
            }}
        }}
        for (int i = k + 1; i < {n} && lu[{n}*k + k] != 0; i++) {{
            double factor = lu[{n}*i + k]/lu[{n}*k + k];
            for (int j = k; j < {n}; j++) {{
                lu[{n}*i + j] -= factor*lu[{n}*k + j];
            }}
        }}
    }}
"""
_EXTREME = """static void {{name}}(const double x[{{n}}], double out[{{n}}]) {{{{
    double top = x[0], ties = 0.0;
    for (int i = 1; i < {{n}}; i++) {{{{
        top = x[i] {sign} top ? x[i] : top;
    }}}}
    for (int i = 0; i < {{n}}; i++) {{{{
        ties += x[i] == top;
    }}}}
    for (int i = 0; i < {{n}}; i++) {{{{
        out[i] = x[i] == top ? 1.0/ties : 0.0;
    }}}}
}}}}"""
_SCALED = """    double top = 0.0, scale, total = 0.0;
    for (int i = 0; i < {n}; i++) {{
        top = fabs(AWAY) > top || AWAY != AWAY ? fabs(AWAY) : top;
    }}
    scale = top > 1e150 || (top < 1e-150 && top > 0) ? top : 1.0;
    for (int i = 0; i < {n}; i++) {{
        total += (AWAY/scale)*(AWAY/scale);
    }}
"""
_MERGED = """static void {{name}}(const double x[{{n}}], double out[{{n}}]) {{{{
    /* sorted by merging; nan is last */
    double held[{{n}}];
    for (int i = 0; i < {{n}}; i++) {{{{
        out[i] = {first};
    }}}}
    for (int width = 1; width < {{n}}; width *= 2) {{{{
        for (int i = 0; i < {{n}}; i++) {{{{
            held[i] = out[i];
        }}}}
        for (int low = 0; low < {{n}}; low += 2*width) {{{{
            int i = low, middle = low + width < {{n}} ? low + width : {{n}}, j = middle;
            int high = low + 2*width < {{n}} ? low + 2*width : {{n}};
            for (int k = low; k < high; k++) {{{{
                int before = j >= high;
                if (i < middle && j < high) {{{{
                    double one = {one}, other = {other};
                    before = one <= other || other != other;
                }}}}
                out[k] = before ? held[i++] : held[j++];
            }}}}
        }}}}
    }}}}
}}}}"""
ROWS = {
    "sort": _MERGED.format(first="x[i]", one="held[i]", other="held[j]"),
    "argsort": _MERGED.format(first="i", one="x[(int) held[i]]", other="x[(int) held[j]]"),
    "norm": "static double {name}(const double x[{n}]) {{\n    /* scaled where squares would overflow */\n"
    + _SCALED.replace("AWAY", "x[i]")
    + "    return scale*sqrt(total);\n}}",
    "std": """static double {name}(const double x[{n}]) {{
    double mean = 0.0;
    for (int i = 0; i < {n}; i++) {{
        mean += x[i]/{n};
    }}
"""
    + _SCALED.replace("AWAY", "(x[i] - mean)")
    + "    return scale*sqrt(total/{n});\n}}",
    "largest": _EXTREME.format(sign=">"),
    "smallest": _EXTREME.format(sign="<"),
    "prod_of_others": """static void {name}(const double x[{n}], double out[{n}]) {{
    double before = 1.0, behind = 1.0;
    for (int i = 0; i < {n}; i++) {{
        out[i] = before;
        before *= x[i];
    }}
    for (int i = {n} - 1; i >= 0; i--) {{
        out[i] *= behind;
        behind *= x[i];
    }}
}}""",
    "cumsum": """static void {name}(const double x[{n}], double out[{n}]) {{
    double total = 0.0;
    for (int i = 0; i < {n}; i++) {{
        out[i] = total += x[i];
    }}
}}""",
    "cumprod": """static void {name}(const double x[{n}], double out[{n}]) {{
    double total = 1.0;
    for (int i = 0; i < {n}; i++) {{
        out[i] = total *= x[i];
    }}
}}""",
}
"""Functions of a row of entries, or of entries along some axes."""
MATRICES = {
    "det": "static double {name}(const double x[{nn}]) {{\n    /* Gaussian elimination with partial pivoting */\n"
    + _LU
    + """    for (int k = 0; k < {n}; k++) {{
        sign *= lu[({n} + 1)*k];
    }}
    return sign;
}}""",
    "logdet": "static double {name}(const double x[{nn}]) {{\n    /* by elimination; nan where det(x) <= 0 */\n"
    + _LU
    + """    double total = 0.0;
    for (int k = 0; k < {n}; k++) {{
        double pivot = lu[({n} + 1)*k];
        sign = pivot < 0 ? -sign : pivot > 0 ? sign : 0.0;
        total += log(fabs(pivot));
    }}
    return sign > 0 ? total : NAN;
}}""",
    "inv": """static void {name}(const double x[{nn}], double out[{nn}]) {{
    /* Gauss-Jordan elimination with partial pivoting; inf or nan where there is no inverse */
    double a[{nn}];
    for (int k = 0; k < {nn}; k++) {{
        a[k] = x[k];
        out[k] = k/{n} == k%{n} ? 1.0 : 0.0;
    }}
    for (int k = 0; k < {n}; k++) {{
        int top = k;
        for (int i = k + 1; i < {n}; i++) {{
            if (fabs(a[{n}*i + k]) > fabs(a[{n}*top + k])) {{
                top = i;
            }}
        }}
        double pivot = a[{n}*top + k];
        for (int j = 0; j < {n}; j++) {{
            double one = a[{n}*top + j], other = out[{n}*top + j];
            a[{n}*top + j] = a[{n}*k + j];
            out[{n}*top + j] = out[{n}*k + j];
            a[{n}*k + j] = one/pivot;
            out[{n}*k + j] = other/pivot;
        }}
        for (int i = 0; i < {n}; i++) {{
            double factor = a[{n}*i + k];
            for (int j = 0; j < {n} && i != k; j++) {{
                a[{n}*i + j] -= factor*a[{n}*k + j];
                out[{n}*i + j] -= factor*out[{n}*k + j];
            }}
        }}
    }}
}}""",
    "cholesky": """static void {name}(const double x[{nn}], double out[{nn}]) {{
    /* the lower factor of (x + x.T)/2, nan where that is not positive definite */
    for (int k = 0; k < {nn}; k++) {{
        out[k] = 0.0;
    }}
    for (int j = 0; j < {n}; j++) {{
        for (int i = j; i < {n}; i++) {{
            double rest = (x[{n}*i + j] + x[{n}*j + i])/2;
            for (int k = 0; k < j; k++) {{
                rest -= out[{n}*i + k]*out[{n}*j + k];
            }}
            out[{n}*i + j] = i == j ? sqrt(rest) : rest/out[({n} + 1)*j];
        }}
    }}
}}""",
    "cofactors": "static void {name}(const double y[{nn}], double out[{nn}]) {{\n"
    "    /* the determinant with a row and a column of the identity instead, so that no inverse need exist */\n"
    """    for (int k = 0; k < {nn}; k++) {{
        double x[{nn}];
        for (int l = 0; l < {nn}; l++) {{
            int row = l/{n} == k/{n}, column = l%{n} == k%{n};
            x[l] = row && column ? 1.0 : row || column ? 0.0 : y[l];
        }}
"""
    + "".join(f"    {line}\n" for line in _LU.splitlines())
    + """        for (int l = 0; l < {n}; l++) {{
            sign *= lu[({n} + 1)*l];
        }}
        out[k] = sign;
    }}
}}""",
}
"""Functions of a square matrix."""
RESERVED = frozenset(
    "auto break case char const continue default do double else enum extern float for goto if inline int long register"
    " restrict return short signed sizeof static struct switch typedef union unsigned void volatile while main"
    " acos asin atan atan2 cos sin tan acosh asinh atanh cosh sinh tanh exp exp2 expm1 frexp ilogb ldexp log log10"
    " log1p log2 logb modf scalbn scalbln cbrt fabs hypot pow sqrt erf erfc lgamma tgamma ceil floor nearbyint rint"
    " lrint llrint round lround llround trunc fmod remainder remquo copysign nan nextafter nexttoward fdim fmax fmin"
    " fma fpclassify isfinite isinf isnan isnormal signbit isgreater isgreaterequal isless islessequal islessgreater"
    " isunordered double_t float_t NAN INFINITY HUGE_VAL printf stdin stdout stderr errno out asm typeof"
    " alignas alignof bool constexpr false nullptr static_assert thread_local true typeof_unqual"
    " j0 j1 jn y0 y1 yn gamma signgam significand drem finite scalb exp10 pow10 sincos roundeven isnanf isinff"
    " abs labs llabs div ldiv rand srand random srandom exit abort atexit malloc calloc realloc free qsort bsearch"
    " system getenv atof atoi atol strtod strtol strtoul puts gets getc getchar putc putchar scanf fopen fclose remove"
    " rename index rindex read write link unlink wait time clock signal select".split()
)
"""Names that a program may not use, or that mean something to it."""
