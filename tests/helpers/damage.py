"""A copy of `pyref` with one thing changed in it, to see whether a check notices.

What is changed is named by module and function, and there either

    Instead(module, name, make)             the function (or the constant) is make(what it was)
    Change(module, function, old, new)      one expression or statement of its syntax tree

so that nothing breaks when lines move or are laid out in another way. All modules of the copy
import one another, and none of the package as it is; only the compiled module is shared.
"""

import ast
import importlib
import sys
from collections import namedtuple
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader

Instead = namedtuple("Instead", ("module", "name", "make"))
Change = namedtuple("Change", ("module", "function", "old", "new"))


def damaged(damage=None, module="pyref"):
    """The module of a copy that has this damage."""
    finder = _Finder(damage)
    with _none_imported():
        sys.meta_path.insert(0, finder)
        try:
            copy = importlib.import_module(module)
        finally:
            sys.meta_path.remove(finder)
    if damage and not finder.done:
        raise LookupError(f"{damage.module} is not imported by {module}")
    return copy


@contextmanager
def _none_imported():
    """As if pyref had not been imported yet. Afterwards everything is as it was."""

    def ours():
        return [name for name in sys.modules if name.partition(".")[0] == "pyref"]

    kept = {name: sys.modules.pop(name) for name in ours()}
    if "pyref._native" in kept:
        sys.modules["pyref._native"] = kept["pyref._native"]
    try:
        yield
    finally:
        for name in ours():
            del sys.modules[name]
        sys.modules.update(kept)


class _Finder:
    def __init__(self, damage):
        self.damage, self.done = damage, False

    def find_spec(self, name, path, target=None):
        if not self.damage or name != self.damage.module:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(name, path, target)
            if spec:
                spec.loader = _Loader(name, spec.origin, self.damage)
                self.done = True
                return spec
        return None


class _Loader(SourceFileLoader):
    def __init__(self, name, path, damage):
        super().__init__(name, path)
        self.damage = damage

    def get_code(self, fullname):
        with open(self.path, encoding="utf-8") as file:
            tree = ast.parse(file.read())
        if isinstance(self.damage, Change):
            tree = changed(tree, *self.damage[1:])
        return compile(tree, self.path, "exec")

    def exec_module(self, module):
        super().exec_module(module)
        if isinstance(self.damage, Instead):
            what = getattr(module, self.damage.name)
            setattr(module, self.damage.name, self.damage.make(what))


def changed(tree, function, old, new):
    """The tree with `new` for `old`, which must occur once in that function."""
    places = [
        node
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == function
    ]
    if len(places) != 1:
        raise LookupError(f"{len(places)} functions are called {function}")
    change = _Replace(_parsed(old), _parsed(new))
    change.visit(places[0])
    if change.count != 1:
        raise LookupError(f"{function} has this {change.count} times: {old}")
    return ast.fix_missing_locations(tree)


def _parsed(text):
    (node,) = ast.parse(text).body
    return node.value if isinstance(node, ast.Expr) else node


class _Replace(ast.NodeTransformer):
    def __init__(self, old, new):
        self.old, self.new, self.count = ast.dump(old), new, 0

    def visit(self, node):
        if ast.dump(node) != self.old:
            return self.generic_visit(node)
        self.count += 1
        return self.new
