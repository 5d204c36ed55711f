"""Small pieces of libcst: arguments, dicts and calls that keep the spacing of what they replace."""

from collections.abc import Sequence

import libcst as cst

SPACE = cst.SimpleWhitespace(" ")
TIGHT = cst.AssignEqual(
    whitespace_before=cst.SimpleWhitespace(""), whitespace_after=cst.SimpleWhitespace("")
)
Around = cst.BaseParenthesizableWhitespace
Comma = cst.Comma | cst.MaybeSentinel


def expression(code: str) -> cst.BaseExpression:
    """Return the tree of an expression."""
    return cst.parse_expression(code)


def code_of(node: cst.CSTNode) -> str:
    """Return a node's code."""
    return cst.Module([]).code_for_node(node)


def quoted(text: str) -> cst.SimpleString:
    """Return a string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return cst.SimpleString(f'"{escaped}"')


def keyword(name: str, value: cst.BaseExpression) -> cst.Arg:
    """Return the argument name=value."""
    return cst.Arg(value, keyword=cst.Name(name), equal=TIGHT)


def renamed(argument: cst.Arg, name: str, value: cst.BaseExpression | None = None) -> cst.Arg:
    """Return an argument as the keyword `name`, where it is, with another value if one is given."""
    return argument.with_changes(
        keyword=cst.Name(name), equal=TIGHT, star="", value=value or argument.value
    )


def multiline(space: Around) -> bool:
    """Whether a space holds a line end."""
    return isinstance(space, cst.ParenthesizedWhitespace)


def bare(space: Around) -> Around:
    """Return a space without its comments: they are said once."""
    if not isinstance(space, cst.ParenthesizedWhitespace):
        return space
    line = cst.TrailingWhitespace(newline=space.first_line.newline)
    return space.with_changes(first_line=line, empty_lines=[])


def between(call: cst.Call) -> cst.Comma:
    """Return a comma with the space that separates the arguments of a call."""
    space = call.whitespace_before_args
    return cst.Comma(whitespace_after=bare(space) if multiline(space) else SPACE)


def prepend(call: cst.Call, added: Sequence[cst.Arg]) -> cst.Call:
    """Return a call with arguments put before its own."""
    arguments = list(added)
    if not call.args or not arguments:
        return call.with_changes(args=[*arguments, *call.args])
    arguments = [argument.with_changes(comma=between(call)) for argument in arguments]
    space = call.whitespace_before_args
    if isinstance(space, cst.ParenthesizedWhitespace):  # what is above an argument stays there
        above = space.with_changes(first_line=cst.TrailingWhitespace())
        arguments[-1] = arguments[-1].with_changes(comma=cst.Comma(whitespace_after=above))
        space = space.with_changes(empty_lines=[])
    return call.with_changes(args=[*arguments, *call.args], whitespace_before_args=space)


def replaced(call: cst.Call, arguments: list[list[cst.Arg]]) -> cst.Call:
    """Return a call whose arguments are each replaced by some or none, in the call's spacing."""
    result: list[cst.Arg] = []
    for argument, new in zip(call.args, arguments, strict=True):
        for number, one in enumerate(new):
            last = number == len(new) - 1
            comma = argument.comma if last else between(call)
            after = argument.whitespace_after_arg if last else cst.SimpleWhitespace("")
            result.append(one.with_changes(comma=comma, whitespace_after_arg=after))
    if (
        call.args and result and not arguments[-1]
    ):  # the last one is gone: its end becomes the new last's
        ended = call.args[-1]
        result[-1] = result[-1].with_changes(
            comma=ending(result[-1].comma, ended.comma),
            whitespace_after_arg=ended.whitespace_after_arg,
        )
    for number, argument in enumerate(result[:-1]):
        if not isinstance(argument.comma, cst.Comma):
            result[number] = argument.with_changes(comma=between(call))
    changes: dict[str, object] = {"args": result}
    if not result:
        changes["whitespace_before_args"] = cst.SimpleWhitespace("")
    return call.with_changes(**changes)


def ending(own: Comma, last: Comma) -> Comma:
    """Return the last comma of a call for an argument that was not the last: its comment stays."""
    if not (isinstance(own, cst.Comma) and isinstance(last, cst.Comma)):
        return last
    mine, theirs = own.whitespace_after, last.whitespace_after
    if not isinstance(theirs, cst.ParenthesizedWhitespace):
        return last
    line = mine.first_line if isinstance(mine, cst.ParenthesizedWhitespace) else None
    line = line or cst.TrailingWhitespace(newline=theirs.first_line.newline)
    return last.with_changes(whitespace_after=theirs.with_changes(first_line=line))


def dictionary(
    call: cst.Call, fixed: dict[str, cst.BaseExpression], items: list[tuple[str | None, cst.Arg]]
) -> cst.Dict:
    """Return the dict that takes the place of a call.

    Args:
        call: the call, whose spacing the dict keeps.
        fixed: what comes first.
        items: key and argument of each further item; the key is None for `**argument`.
    """
    separator = between(call)
    elements: list[cst.BaseDictElement] = [
        cst.DictElement(quoted(key), value, comma=separator) for key, value in fixed.items()
    ]
    for key, argument in items:
        comma = argument.comma if isinstance(argument.comma, cst.Comma) else separator
        if key is None:
            elements.append(cst.StarredDictElement(argument.value, comma=comma))
        else:
            elements.append(cst.DictElement(quoted(key), argument.value, comma=comma))
    last = items[-1][1] if items else None
    if last:  # its end is the call's, even where arguments after it went
        end = call.args[-1]
        last = last.with_changes(
            comma=ending(last.comma, end.comma), whitespace_after_arg=end.whitespace_after_arg
        )
    if elements:
        ended = (
            last.comma if last and isinstance(last.comma, cst.Comma) else cst.MaybeSentinel.DEFAULT
        )
        elements[-1] = elements[-1].with_changes(comma=ended)
    opening = cst.LeftCurlyBrace(
        whitespace_after=call.whitespace_before_args if items else cst.SimpleWhitespace("")
    )
    closing = cst.RightCurlyBrace(
        whitespace_before=last.whitespace_after_arg if last else cst.SimpleWhitespace("")
    )
    return cst.Dict(elements, lbrace=opening, rbrace=closing, lpar=call.lpar, rpar=call.rpar)


def wrapped(node: cst.BaseExpression) -> cst.BaseExpression:
    """Return an expression that an attribute or a call can follow."""
    plain = (cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.Dict, cst.List)
    if isinstance(node, plain) or node.lpar:
        return node
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def broken(call: cst.Call, longest: int = 72) -> cst.Call:
    """Return a call in one line, if it is too long for one, with a line for each argument."""
    code = code_of(call)
    if len(code) <= longest or "\n" in code or not call.args:
        return call
    inner = cst.ParenthesizedWhitespace(indent=True, last_line=cst.SimpleWhitespace("    "))
    arguments = [a.with_changes(comma=cst.Comma(whitespace_after=inner)) for a in call.args]
    end = cst.ParenthesizedWhitespace(indent=True, last_line=cst.SimpleWhitespace(""))
    arguments[-1] = arguments[-1].with_changes(comma=cst.Comma(whitespace_after=end))
    return call.with_changes(args=arguments, whitespace_before_args=inner)


def attribute(owner: cst.BaseExpression, name: str) -> cst.BaseExpression:
    """Return owner.name, where name can hold dots."""
    for part in name.split("."):
        owner = cst.Attribute(wrapped(owner), cst.Name(part))
    return owner
