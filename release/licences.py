#!/usr/bin/env python3
"""Writes the licences of everything that is in the program for TARGET to FILE, each text once, after the crates that it is of:

    release/licences.py FILE TARGET

The texts are the files that the crates' own packages hold. A crate that brings none, and may not be taken under MIT, whose
text is known, stops the release.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEXTS = re.compile(r"(licen[cs]e|copying|notice|unlicense|copyright)", re.IGNORECASE)


def cargo(*words):
    return subprocess.run(["cargo", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def crates(target):
    """What cargo builds into the program: name, version, licence, authors and folder."""
    tree = cargo("tree", "--package=cognito-creds", "--edges=normal", f"--target={target}", "--locked", "--prefix=none", "--format={p}")
    built = {tuple(line.split()[:2]) for line in tree.splitlines() if line}
    known = json.loads(cargo("metadata", "--locked", "--format-version=1", f"--filter-platform={target}"))["packages"]
    packages = {(package["name"], "v" + package["version"]): package for package in known}
    return [packages[crate] for crate in sorted(built) if crate[0] != "cognito-creds"]


def mit(owner):
    text = (ROOT / "LICENSE-MIT").read_text()
    return f"MIT License\n\nCopyright (c) {owner}\n\n" + text[text.index("Permission is hereby granted") :]


def texts_of(package):
    folder = Path(package["manifest_path"]).parent
    files = [file for file in sorted(folder.iterdir()) if file.is_file() and TEXTS.match(file.name) and file.suffix != ".rs"]
    if files:
        return [file.read_text(encoding="utf-8", errors="replace") for file in files]
    name, licence = package["name"], package["license"] or "no licence"
    if "MIT" not in re.split(r"[ /()]+", licence):
        sys.exit(f"{name} {package['version']} ({licence}) brings no text of its licence.")
    return [mit(f"the authors of {name}: {', '.join(package['authors']) or 'its package names none'}")]


def main():
    file, target = sys.argv[1:]
    owners = {}

    def add(owner, text):
        # Some have the line ends of Windows, or blanks at the end.
        text = "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")
        owners.setdefault(text, []).append(owner)

    for package in crates(target):
        for text in texts_of(package):
            add(f"{package['name']} {package['version']} ({package['license']})", text)
    add("the Rust standard library (MIT OR Apache-2.0)", mit("The Rust Project contributors"))
    if target.endswith("-musl"):
        add("musl libc (MIT)", mit("2005-2020 Rich Felker, et al."))

    parts = [f"cognito-creds for {target} holds the work of others, under these licences.\n"]
    for text, names in owners.items():
        parts.append(f"\n{'=' * 80}\n\n" + "\n".join(dict.fromkeys(names)) + f"\n\n{'-' * 80}\n\n{text}\n")
    Path(file).write_text("".join(parts), encoding="utf-8")


main()
