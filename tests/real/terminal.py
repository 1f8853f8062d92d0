"""A pseudo-terminal with a person at its keyboard."""

import os
import pty
import select
import time

import machine


class Terminal:
    """A program on a pseudo-terminal of its own, and what the terminal has shown."""

    def __init__(self, home: machine.Machine, *command, **variables):
        self.shown = ""
        environment = home.environment() | variables
        self.pid, self.device = pty.fork()
        if self.pid == 0:
            os.execvpe(str(command[0]), [str(word) for word in command], environment)

    def wait_for(self, text: str):
        """Reads until `text` is shown after what was waited for before."""
        start, until = len(self.shown), time.monotonic() + 20
        while text not in self.shown[start:]:
            if time.monotonic() > until or not self._read(1):
                raise AssertionError(f"{text!r} was not shown, but: {self.shown[start:]!r}")

    def type(self, line: str):
        os.write(self.device, f"{line}\n".encode())

    def end(self) -> int:
        """The exit code, when it has ended and all was read."""
        while self._read(20):
            pass
        os.close(self.device)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _read(self, seconds: float) -> bool:
        if not select.select([self.device], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.device, 4096)
        except OSError:
            return False  # Linux's way to say that the other end is closed.
        self.shown += data.decode(errors="replace")
        return bool(data)
