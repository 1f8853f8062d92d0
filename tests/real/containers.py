"""A Docker engine of its own, with Debian's `docker.io`: no registry, no rule in the firewall, nothing that another engine on
the machine has. Its images are made of the machine's own /usr, which each container sees but can't change. Needs root, `ip`
(iproute2) and `socat`."""

import contextlib
import io
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import time

import machine

# Of documentation (RFC 5737): the network that containers are in where nothing is said of one.
GATEWAY, NETWORK = "198.51.100.1", "198.51.100.1/24"
# Where a container finds the program and the AWS CLI.
PROGRAMS = "/opt/bin"


class Docker:
    """A running engine. In `commands` there is a `docker`, to be first in PATH; what `options` lists follows its `run`."""

    def __init__(self):
        self._ends = contextlib.ExitStack()
        self.options = []

    def __enter__(self):
        with contextlib.ExitStack() as ends:
            self.folder = pathlib.Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="cognito-creds-docker-")))
            ends.callback(_unmount_below, self.folder)
            self._bridge(ends)
            self._engine(ends)
            self._ends = ends.pop_all()
        return self

    def __exit__(self, *_):
        self._ends.close()

    def _bridge(self, ends):
        """Without one of ours the engine would make `docker0`, which another engine may have."""
        self._link = f"cc{os.getpid()}"
        _run("ip", "link", "add", self._link, "type", "bridge")
        ends.callback(_run, "ip", "link", "del", self._link)
        _run("ip", "address", "add", NETWORK, "dev", self._link)
        _run("ip", "link", "set", self._link, "up")

    def _engine(self, ends):
        self._host = f"unix://{self.folder}/socket"
        words = [f"--host={self._host}", f"--bridge={self._link}", "--iptables=false", "--ip-masq=false", "--ip-forward=false"]
        places = [f"--{name}={self.folder}/{name}" for name in ("data-root", "exec-root", "pidfile")]
        log = ends.enter_context((self.folder / "log").open("w+"))
        engine = subprocess.Popen(["dockerd", *words, *places], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        ends.callback(machine.end, engine)
        until = time.monotonic() + 60
        while self.docker("version", check=False).returncode != 0:
            if engine.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"dockerd did not start:\n{(self.folder / 'log').read_text()}")
            time.sleep(0.1)

    def docker(self, *words, check=True, given=None) -> subprocess.CompletedProcess:
        """Docker's own command, at this engine."""
        return subprocess.run(["docker", "--host", self._host, *words], input=given, capture_output=True, check=check)

    def image(self, name: str, *changes):
        """Makes an image of the program, the AWS CLI and boto3."""
        path = f"ENV PATH={PROGRAMS}:/usr/bin:/bin"
        words = [word for change in (path, *changes) for word in ("--change", change)]
        self.docker("import", *words, "-", name, given=_root())

    def reaches(self, port: int):
        """Lets the containers' network reach what listens at this port of the machine's loopback."""
        forward = [f"TCP-LISTEN:{port},bind={GATEWAY},fork,reuseaddr", f"TCP:127.0.0.1:{port}"]
        process = subprocess.Popen(["socat", *forward], stdin=subprocess.DEVNULL)
        self._ends.callback(machine.end, process)

    def commands(self) -> pathlib.Path:
        """The folder with the `docker` that a person would type."""
        folder = self.folder / "bin"
        folder.mkdir(exist_ok=True)
        shared = [word for place in _shared() for word in ("-v", f"{place}:{place}:ro")]
        real = f"'{_which('docker')}' --host '{self._host}'"
        options = " ".join(f"'{word}'" for word in (*shared, *self.options))
        script = folder / "docker"
        script.write_text(f'#!/bin/sh\n[ "$1" = run ] || exec {real} "$@"\nshift\nexec {real} run {options} "$@"\n')
        script.chmod(0o755)
        return folder


def _unmount_below(folder: pathlib.Path):
    """The engine leaves the place of the machine's network behind."""
    for line in pathlib.Path("/proc/mounts").read_text().splitlines():
        place = line.split(" ")[1]
        if place.startswith(f"{folder}/"):
            _run("umount", place)


def _shared() -> set:
    """What the containers see of the machine: its programs, and this Python wherever it lies."""
    return {"/usr", sys.prefix, sys.base_prefix}


def _root() -> bytes:
    """The rest of a root folder, as an archive."""
    aws = f"#!/bin/sh\nexec '{sys.prefix}/bin/aws' \"$@\"\n".encode()
    text = io.BytesIO()
    with tarfile.open(fileobj=text, mode="w") as archive:
        for name in ("usr", "root", "var"):
            _add(archive, name, tarfile.DIRTYPE, 0o755)
        _add(archive, "tmp", tarfile.DIRTYPE, 0o1777)
        for name in ("bin", "sbin", "lib", "lib64"):
            _add(archive, name, tarfile.SYMTYPE, 0o777, link=f"usr/{name}")
        _add(archive, "etc/passwd", tarfile.REGTYPE, 0o644, b"root:x:0:0:root:/root:/bin/sh\n")
        _add(archive, f"{PROGRAMS[1:]}/aws", tarfile.REGTYPE, 0o755, aws)
        _add(archive, f"{PROGRAMS[1:]}/cognito-creds", tarfile.REGTYPE, 0o755, machine.binary().read_bytes())
    return text.getvalue()


def _add(archive, name: str, kind: bytes, mode: int, content=b"", link=""):
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.linkname, entry.size = kind, mode, link, len(content)
    archive.addfile(entry, io.BytesIO(content))


def _which(name: str) -> str:
    return subprocess.run(["sh", "-c", f"command -v {name}"], capture_output=True, text=True, check=True).stdout.strip()


def _run(*words):
    subprocess.run(words, check=True)
