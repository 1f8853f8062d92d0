"""`docs/clients.md`, whose table and transcripts are what the clients' suites measure."""

import os
import re

import machine

PAGE = machine.ROOT / "docs" / "clients.md"


def check_cell(client: str, column: str, measured: str):
    """Compares a cell of the table with what was measured, or writes it."""
    before, lines, after = _between("clients")
    header = _cells(lines[0])
    row = next((at for at, line in enumerate(lines) if _cells(line)[0] == client), None)
    cells = [client] + ["–"] * (len(header) - 1) if row is None else _cells(lines[row])
    place = header.index(column)
    if not _updating():
        _compare(client, column, cells[place], measured)
        return
    cells[place] = measured
    lines[len(lines) if row is None else row : len(lines) if row is None else row + 1] = [f"| {' | '.join(cells)} |"]
    PAGE.write_text(before + "\n".join(lines) + "\n" + after)


def check_transcript(client: str, measured: str):
    """The same with what a person sees, below the client's own heading."""
    before, lines, after = _between("failures")
    measured = "\n".join(line.rstrip() for line in measured.strip().splitlines())
    text = "\n".join(lines)
    block = re.compile(rf"(^### {re.escape(client)}\n\n```text\n)(.*?)(\n```$)", re.DOTALL | re.MULTILINE)
    found = block.search(text)
    if not _updating():
        _compare(client, "the transcript", found and found[2], measured)
        return
    if found:
        text = block.sub(lambda old: old[1] + measured + old[3], text)
    else:
        text = f"{text}\n\n### {client}\n\n```text\n{measured}\n```"
    PAGE.write_text(f"{before}\n{text.strip()}\n\n{after}")


def _updating() -> bool:
    return "UPDATE_DOCS" in os.environ


def _compare(client, what, written, measured):
    if written != measured:
        raise AssertionError(
            f"docs/clients.md, {client}, {what}: it says\n{written}\nand measured was\n{measured}\n"
            "If that is right, run its suite with UPDATE_DOCS=1 before tests/run.sh."
        )


def _cells(line: str) -> list:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _between(name: str):
    """What stands before, between and after the markers of that name; between them: lines."""
    text = PAGE.read_text()
    begin, end = re.search(rf"<!-- {name}: begin.*?-->\n", text), text.index(f"<!-- {name}: end -->")
    return text[: begin.end()], text[begin.end() : end].rstrip("\n").split("\n"), text[end:]
