"""Whether python-dotenv, docker's rule for --env-file and the shell read a file alike: TEXT WANTED, the latter as JSON."""

import json
import pathlib
import subprocess
import sys

import dotenv

text, wanted = (pathlib.Path(name) for name in sys.argv[1:])
wanted = {f"V{n}": value for n, value in enumerate(json.loads(wanted.read_text()))}


def docker(lines):
    """docker run --env-file: a line is NAME=VALUE and the value is taken as it is; `#` begins a comment at a line's start."""
    return dict(line.lstrip().split("=", 1) for line in lines if line.strip() and not line.lstrip().startswith("#"))


def shell(path):
    """`set -a; . FILE`, as many scripts read such a file."""
    script = 'set -a; . "$1"; exec env -0'
    output = subprocess.run(["dash", "-c", script, "-", path], env={}, capture_output=True, check=True, text=True).stdout
    pairs = dict(line.split("=", 1) for line in output.split("\0") if line)
    return {name: value for name, value in pairs.items() if name in wanted}


assert dotenv.dotenv_values(text) == wanted, "python-dotenv"
assert docker(text.read_text().splitlines()) == wanted, "docker"
assert shell(text) == wanted, "dash"
