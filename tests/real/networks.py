"""Two machines that are apart: two network namespaces with a cable between them. What one listens on at its loopback address
can't be reached from the other. Needs root, `ip` (iproute2), `socat`, and `sshd` with `ssh` (openssh)."""

import contextlib
import os
import pathlib
import subprocess
import time

import machine

# Addresses of documentation (RFC 5737).
SERVER, PERSON = "192.0.2.7", "192.0.2.9"
SSH_PORT = 2222


class Networks:
    """The server, where the program runs, and the person's own machine."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.server, self.person = (f"cognito-creds-{name}-{os.getpid()}" for name in ("server", "person"))
        self._ends = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as ends:
            for name in (self.server, self.person):
                _ip("netns", "add", name)
                ends.callback(_ip, "netns", "del", name)
                _ip("-n", name, "link", "set", "lo", "up")
            _ip("link", "add", "wire", "netns", self.server, "type", "veth", "peer", "wire", "netns", self.person)
            for name, address in ((self.server, SERVER), (self.person, PERSON)):
                _ip("-n", name, "address", "add", f"{address}/24", "dev", "wire")
                _ip("-n", name, "link", "set", "wire", "up")
            self._ends = ends.pop_all()
        return self

    def __exit__(self, *_):
        self._ends.close()

    def at(self, place: str, *command) -> list:
        """The words that run a command there."""
        return ["ip", "netns", "exec", place, *(str(word) for word in command)]

    def start(self, place: str, *command):
        """A program there, until the end."""
        process = subprocess.Popen(
            self.at(place, *command), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._ends.callback(machine.end, process)
        return process

    def reaches(self, place: str, host: str, port: int) -> bool:
        """Whether somebody listens there."""
        return subprocess.run(
            self.at(place, "socat", "-u", "OPEN:/dev/null", f"TCP:{host}:{port},connect-timeout=5"), stderr=subprocess.DEVNULL
        ).returncode == 0

    def wait_for(self, place: str, host: str, port: int):
        until = time.monotonic() + 20
        while not self.reaches(place, host, port):
            if time.monotonic() > until:
                raise AssertionError(f"nobody listens at {host}:{port}")
            time.sleep(0.05)

    def internet(self, port: int):
        """Lets both reach what listens at this port of the outer network's loopback, at the same address: the stand-in
        Cognito speaks http, which the program takes from loopback alone."""
        wire = self.folder / "internet"
        outside = subprocess.Popen(["socat", f"UNIX-LISTEN:{wire},fork", f"TCP:127.0.0.1:{port}"], stdin=subprocess.DEVNULL)
        self._ends.callback(machine.end, outside)
        for place in (self.server, self.person):
            self.start(place, "socat", f"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr", f"UNIX-CONNECT:{wire}")
            self.wait_for(place, "127.0.0.1", port)

    def ssh(self) -> pathlib.Path:
        """An SSH server on the server, and the configuration with which the person's `ssh` gets in."""
        for key in ("host", "person"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.folder / key], check=True)
        pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        daemon = self.folder / "sshd_config"
        daemon.write_text(
            f"Port {SSH_PORT}\nListenAddress {SERVER}\nHostKey {self.folder}/host\nPidFile none\nUsePAM no\n"
            f"AuthorizedKeysFile {self.folder}/person.pub\nStrictModes no\nPermitRootLogin prohibit-password\n"
        )
        sshd = subprocess.run(["sh", "-c", "command -v sshd"], capture_output=True, text=True, check=True).stdout.strip()
        self.start(self.server, sshd, "-D", "-f", daemon)
        self.wait_for(self.person, SERVER, SSH_PORT)
        client = self.folder / "ssh_config"
        client.write_text(
            f"IdentityFile {self.folder}/person\nIdentitiesOnly yes\nUserKnownHostsFile {self.folder}/known\n"
            "StrictHostKeyChecking accept-new\nBatchMode yes\nLogLevel ERROR\n"
        )
        return client


def _ip(*words):
    subprocess.run(["ip", *words], check=True)
