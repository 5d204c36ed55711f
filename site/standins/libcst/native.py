"""libcst's older parser, written in Python, in place of its parser in Rust.

There is no wheel of libcst for the browser on the package index. All else of libcst is its own.
This parser refuses syntax that is newer than Python 3.8, such as `match`.
"""

from typing import Any

from libcst._parser.detect_config import detect_config
from libcst._parser.grammar import get_grammar
from libcst._parser.python_parser import PythonCSTParser
from libcst._parser.types.config import PartialParserConfig

LATEST = "3.8"


def parse_module(source: str, encoding: str = "utf-8") -> Any:
    """The tree of a module's source. Raises libcst.ParserSyntaxError."""
    return _parse("file_input", source, encoding, default_newline=True)


def parse_statement(source: str) -> Any:
    """The tree of a statement's source. Raises libcst.ParserSyntaxError."""
    return _parse("stmt_input", source)


def parse_expression(source: str) -> Any:
    """The tree of an expression's source. Raises libcst.ParserSyntaxError."""
    return _parse("expression_input", source, trailing_newline=False)


def _parse(
    start: str,
    source: str,
    encoding: str = "utf-8",
    *,
    trailing_newline: bool = True,
    default_newline: bool = False,
) -> Any:
    found = detect_config(
        source,
        partial=PartialParserConfig(python_version=LATEST, encoding=encoding),
        detect_trailing_newline=trailing_newline,
        detect_default_newline=default_newline,
    )
    parser = PythonCSTParser(
        tokens=found.tokens,
        config=found.config,
        pgen_grammar=get_grammar(found.config.version, found.config.future_imports),
        start_nonterminal=start,
    )
    return parser.parse()
