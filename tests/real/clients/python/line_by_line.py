"""Serves commands from stdin, one a line, one answer a line on stdout (`clients.py` has the words)."""

import sys


def serve(commands: dict):
    for line in sys.stdin:
        try:
            answer = f"ok {commands[line.strip()]()}"
        except Exception as error:  # what a traceback ends with, whatever it is
            kind = type(error)
            name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
            answer = f"error {name}: {error}"
        print(answer.replace("\\", "\\\\").replace("\n", "\\n"), flush=True)
