"""The AWS Common Runtime, from PyPI."""

import sys
import unittest

import awscrt

import clients


class WithTheCommonRuntime(clients.ClientTest):
    client = "AWS Common Runtime"
    moves_timers = True

    def version(self):
        return awscrt.__version__

    def start(self):
        program = clients.PROGRAMS / "python" / "with_awscrt.py"
        return clients.Program(self.machine, [sys.executable, "-B", program], {"AWS_PROFILE": "dev"})

    def test_after_the_machine_has_slept_it_uses_credentials_that_have_ended(self):
        self.world()
        # Sleep stops the monotonic clock, and no other.
        clock = clients.Clock(self.machine, self.sandbox, moves_timers=False)
        program = self.running()
        self.assert_done(program.ask("list"))
        clock.set(self.expiration() + 60)
        runs = self.runs()
        self.assertFalse(program.ask("list").done)
        self.assertEqual(self.runs(), runs)
        self.assert_done(self.running().ask("list"))


if __name__ == "__main__":
    unittest.main()
