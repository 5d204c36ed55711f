"""Rewrite a document in memory: its code, and its imports."""

import re
from dataclasses import replace

import libcst as cst
from libcst.metadata import MetadataWrapper

from helpers.migration.context import Context, other_packages
from helpers.migration.facts import Facts, place_in_strings
from helpers.migration.imports import names_used, needs
from helpers.migration.move_imports import ImportMover, with_standard
from helpers.migration.move_options import note_options
from helpers.migration.names import uses
from helpers.migration.neighbours import handed_on, neighbours, uses_old
from helpers.migration.project import Project
from helpers.migration.rewriter import Rewriter
from helpers.migration.scan import kept
from helpers.migration.source import Cell, Document, Unreadable, parsed
from helpers.migration.values import Evaluator

INSTALL = re.compile(r"(pip3? install\b.*?)\bazure-ai-inference(\[[\w,]*\])?([=<>~!]=?[\w.*]+)?")


def rewrite(document: Document, project: Project) -> bool:
    """Rewrite a document in memory. Return whether anything changed.

    Raises:
        Unreadable: it is no Python, or what came out is not.
    """
    tree = document.parse()
    text = document.text
    place_in_strings(tree, text)
    evaluator = kept(Evaluator(tree, str(document.path), project), document, project)
    if not list(uses(evaluator)):
        return False
    facts = Facts(evaluator, text)
    context = Context(facts, needs(tree), foreign=foreign(evaluator))
    note_options(context)
    modules = [rewritten(cell, context) for cell in document.cells]
    if context.hoisted:  # known only now: what a client's maker has to keep beside it
        context = replace(context, needs=needs(tree), todos=[[]])
        modules = [rewritten(cell, context) for cell in document.cells]
    return store(document, imports_moved(context, modules, text))


def foreign(evaluator: Evaluator) -> bool:
    """Whether a program uses other packages of Azure, by itself or in a file that it serves."""
    trees = [evaluator.found.tree]
    if not uses_old(evaluator):
        trees += [one.found.tree for one in neighbours(evaluator)]
    return any(other_packages(tree) for tree in trees)


def rewritten(cell: Cell, context: Context) -> cst.Module | None:
    """Return the new code of a cell, None for one that cannot be judged."""
    if cell.problem:
        return None
    try:
        wrapper = MetadataWrapper(cst.parse_module(cell.code))
    except cst.ParserSyntaxError as error:
        raise Unreadable(
            f"libcst cannot read it: {error.message.splitlines()[0]}", error.raw_line
        ) from None
    rewriter = Rewriter(context, cell.first)
    rewriter.indent = wrapper.module.default_indent
    return wrapper.visit(rewriter)


def imports_moved(
    context: Context, modules: list[cst.Module | None], before: str
) -> list[cst.Module | None]:
    """Return the cells with the old imports out and the new ones in."""
    used, rest = names_used("\n".join(module.code for module in modules if module))
    old_names, _ = names_used(before)
    standard, statements = context.needs.statements()
    handed = handed_on(context.evaluator)
    keep = context.evaluator.path.endswith("__init__.py")
    result: list[cst.Module | None] = []
    for module in modules:
        if module is not None:
            mover = ImportMover(used, rest, statements, old_names, keep, handed)
            moved = module.visit(mover)
            if standard and (mover.statements != statements or len(modules) == 1):
                moved, standard = with_standard(moved, standard), []
            module, statements = moved, mover.statements
        result.append(module)
    left = [*standard, *statements]
    for number, module in enumerate(result):
        if module is not None and left:
            result[number], left = with_standard(module, left), []
    return result


def store(document: Document, modules: list[cst.Module | None]) -> bool:
    """Put the new code into the document. Return whether anything changed."""
    changed = False
    for cell, module in zip(document.cells, modules, strict=True):
        if module is None:
            continue
        parsed(module.code)  # never write what is no Python
        text = cell.unmask(module.code) if cell.masked else module.code
        text = "\n".join(INSTALL.sub(r"\1openai", line) for line in text.split("\n"))
        changed = changed or text != cell.text
        cell.text = text
    return changed
