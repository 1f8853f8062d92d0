"""Whether PowerShell's grammar (tree-sitter's, as editors use it) sees one assignment of one verbatim string in each statement:
TEXT WANTED, the latter as JSON."""

import json
import pathlib
import sys

import tree_sitter
import tree_sitter_powershell

QUOTES = "'\u2018\u2019\u201a\u201b"

text, wanted = (pathlib.Path(name).read_bytes() for name in sys.argv[1:])
wanted = json.loads(wanted)


def value(literal):
    """A verbatim string's value: within it a doubled quote of any shape is one (language specification, 2.3.5.2)."""
    assert literal[0] == literal[-1] == "'", literal
    found, rest = [], list(literal[1:-1])
    while rest:
        found.append(rest.pop(0))
        if found[-1] in QUOTES:
            assert rest and rest.pop(0) in QUOTES, f"the string ends too early: {literal!r}"
    return "".join(found)


def nodes(node, kind):
    return ([node] if node.type == kind else []) + [found for child in node.children for found in nodes(child, kind)]


tree = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language())).parse(text)
assert not tree.root_node.has_error, "the grammar finds an error"
assignments = nodes(tree.root_node, "assignment_expression")
read = []
for assignment in assignments:
    literals = nodes(assignment, "verbatim_string_characters")
    assert len(literals) == 1, assignment.text
    read.append(value(literals[0].text.decode()))
assert read == wanted, [pair for pair in zip(read, wanted) if pair[0] != pair[1]][:3] or (len(read), len(wanted))
removed = nodes(tree.root_node, "command")
assert [command.text for command in removed] == [b"Remove-Item -ErrorAction SilentlyContinue 'Env:GONE'"], removed
