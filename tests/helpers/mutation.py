"""Mutants: one small change each, of Python by its syntax tree, of C by patterns.

    of_python(path, source)     a comparison, a sign, a constant, a branch, or a call
    of_c(path, source)          the same by a few patterns, a line at a time

Nothing is changed in texts, annotations and what is raised: a sentence is for those who read it.
"""

import ast
import re
from collections import namedtuple

# text stands for the bytes from start to end of the file; old and new are the lines around them.
Mutant = namedtuple("Mutant", ("path", "line", "function", "old", "new", "start", "end", "text"))


def made(path, line, function, source, start, end, text):
    """The Mutant, with its lines; source is bytes."""
    first = source.rfind(b"\n", 0, start) + 1
    last = source.find(b"\n", end) % (len(source) + 1)
    old, new = source[first:last], source[first:start] + text.encode() + source[end:last]
    lines = [" ".join(part.decode().split()) for part in (old, new)]
    return Mutant(path, line, function, *lines, start, end, text)


# ---------------------------------------------------------------- Python

SWAPPED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


def replaced(node):
    """(the node that goes, the text that stands for it) for each change of this node."""
    if isinstance(node, ast.Compare):
        for k, sign in enumerate(node.ops):
            signs = [*node.ops[:k], SWAPPED[type(sign)](), *node.ops[k + 1 :]]
            yield node, ast.unparse(ast.Compare(node.left, signs, node.comparators))
    elif isinstance(node, ast.BoolOp):
        yield node, f"({ast.unparse(ast.BoolOp(SWAPPED[type(node.op)](), node.values))})"
    elif isinstance(node, ast.BinOp) and type(node.op) in SWAPPED:
        if not is_text(node.left) and not is_text(node.right):
            yield node, ast.unparse(ast.BinOp(node.left, SWAPPED[type(node.op)](), node.right))
    elif isinstance(node, ast.AugAssign) and type(node.op) in SWAPPED and not is_text(node.value):
        yield node, ast.unparse(ast.AugAssign(node.target, SWAPPED[type(node.op)](), node.value))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        yield node, f"({ast.unparse(node.operand)})"
    elif isinstance(node, ast.Constant) and type(node.value) in (bool, int, float):
        value = node.value
        if type(value) is bool:
            yield node, repr(not value)
        else:
            yield node, repr(value * 2 if value % 1 or value > 9 else value + 1)
    elif isinstance(node, (ast.If, ast.IfExp, ast.While)):
        if not isinstance(node.test, ast.Constant):
            yield node.test, "False"
            if not isinstance(node, ast.While):
                yield node.test, "True"
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield node, "pass"
    elif isinstance(node, ast.Call) and not node.keywords and len(node.args) == 1:
        yield node, f"({ast.unparse(node.args[0])})"


def is_text(node):
    return isinstance(node, ast.JoinedStr) or isinstance(getattr(node, "value", None), (str, bytes))


def inner(node):
    """The nodes below this one in which something is computed."""
    if not isinstance(node, (ast.JoinedStr, ast.Raise)):
        for name, value in ast.iter_fields(node):
            if name not in ("annotation", "returns", "decorator_list"):
                for child in value if isinstance(value, list) else [value]:
                    if isinstance(child, ast.AST):
                        yield child


def of_python(path, source):
    """The mutants of a module; path is where it lies in the tree."""
    data = source.encode()
    begins = [0]
    for line in data.split(b"\n"):
        begins.append(begins[-1] + len(line) + 1)

    def walk(node, function):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            function = f"{function}.{node.name}".lstrip(".")
        for at, text in replaced(node):
            start = begins[at.lineno - 1] + at.col_offset
            end = begins[at.end_lineno - 1] + at.end_col_offset
            yield made(path, at.lineno, function, data, start, end, text)
        for child in inner(node):
            yield from walk(child, function)

    return list(walk(ast.parse(source), ""))


# ---------------------------------------------------------------- C

SIGNS = "<:<= <=:< >:>= >=:> ==:!= !=:== &&:|| ||:&& +:- -:+ +=:-= -=:+="
PATTERNS = [
    *[(f" {re.escape(a)} ", f" {b} ") for a, b in [pair.split(":") for pair in SIGNS.split()]],
    (r"(?<=[\w)\]]) \* (?=[\w(])", " / "),
    (r"(?<=[ (])!(?=[\w(])", ""),
    (r"(?<=\bif )\((.*)\)(?=$| \{$)", r"(0 && (\1))"),
    (r"(?<=\bif )\((.*)\)(?=$| \{$)", r"(1 || (\1))"),
    (r"(?<![\w.])\d(?![\w.])", lambda match: str(int(match[0]) + 1)),
    (r"(?<![\w.])\d\d+(?![\w.])", lambda match: str(int(match[0]) * 2)),
    (r"(?<![\w.])\d+\.\d+(?![\w.])", lambda match: str(float(match[0]) * 2 or 1.0)),
    (r"(?<=    )(\w+\([^;{}]*\)|continue|break);$", ";"),
]


def of_c(path, source):
    """The mutants of a file of C: what matches a pattern, outside comments and directives."""
    data = source.encode()
    code = re.sub(r"/\*.*?\*/", lambda match: re.sub(r"[^\n]", " ", match[0]), source, flags=re.S)
    found, function, begin = [], "", 0
    for number, line in enumerate(code.split("\n"), 1):
        head = re.match(r"[A-Za-z].*?(\w+)\(", line) or re.match(r"#define (\w+)", line)
        function = head[1] if head else function
        for pattern, new in [] if line.startswith("#") else PATTERNS:
            for match in re.finditer(pattern, line.rstrip(" \\")):
                text = match.expand(new) if isinstance(new, str) else new(match)
                start, end = (len(source[: begin + k].encode()) for k in match.span())
                found.append(made(path, number, function, data, start, end, text))
        begin += len(line) + 1
    return found
