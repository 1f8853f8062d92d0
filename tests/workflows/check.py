"""The workflows of .github: every shell line in them passes shellcheck, every action is pinned, every job ends some time, they
build for release/targets and nothing else, and no job that runs other people's code while it builds has a right or a secret.

tests/run.sh workflows; needs PyYAML and shellcheck.
"""

import re
import subprocess
import unittest
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
FILES = sorted((ROOT / ".github/workflows").glob("*.yml"))
WORKFLOWS = {file.name: yaml.safe_load(file.read_text()) for file in FILES}
# What a program is called in the store before and after the signature.
KINDS = ("built", "unsigned")
# Jobs of a workflow that is called have no time limit of their own.
JOBS = [(name, key, job) for name, workflow in WORKFLOWS.items() for key, job in workflow["jobs"].items() if "steps" in job]


class Workflows(unittest.TestCase):
    def test_shell_passes_shellcheck(self):
        count = 0
        for name, key, job in JOBS:
            for step in job["steps"]:
                if "run" not in step or step.get("shell") == "pwsh":
                    continue
                count += 1
                self.assertNotIn("${{", step["run"], f"{name}, {key}: an expression in shell; env is for that")
                checked = subprocess.run(
                    ["shellcheck", "--shell=bash", "-"], input=step["run"], capture_output=True, text=True, check=False
                )
                self.assertEqual(checked.returncode, 0, f"{name}, {key}:\n{step['run']}\n{checked.stdout}")
        self.assertGreater(count, 10)

    def test_every_action_is_pinned_with_its_version(self):
        count = 0
        for file in FILES:
            for line in re.findall(r"uses: (.*)", file.read_text()):
                if line == "./.github/workflows/ci.yml":
                    continue
                count += 1
                self.assertRegex(line, r"^[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", file.name)
        self.assertGreater(count, 10)

    def test_every_job_and_row_that_is_named_exists(self):
        for name, workflow in WORKFLOWS.items():
            for key, job in workflow["jobs"].items():
                needs = job.get("needs", [])
                for other in [needs] if isinstance(needs, str) else needs:
                    self.assertIn(other, workflow["jobs"], f"{name}, {key}")
                rows = job.get("strategy", {}).get("matrix", {}).get("include", [])
                for word in set(re.findall(r"matrix\.([\w-]+)", str(job))):
                    self.assertTrue(rows and all(word in row for row in rows), f"{name}, {key}: matrix.{word}")

    def test_every_script_that_is_run_exists(self):
        for file in FILES:
            for script in re.findall(r"(?<![\w/])(?:\./)?((?:release|tests)/[\w-]+\.sh)", file.read_text()):
                self.assertTrue((ROOT / script).stat().st_mode & 0o100, f"{file.name}: {script}")

    def test_what_others_compile_is_compiled_on_linux_too(self):
        everything = "cargo clippy --workspace --exclude cognito-bench --all-targets"
        self.assertIn(everything, str(WORKFLOWS["ci.yml"]["jobs"]["others"]))
        for script in ("macos-check.sh", "windows.sh"):
            self.assertIn(everything.removeprefix("cargo clippy "), (ROOT / "tests" / script).read_text())

    def test_every_job_ends_some_time(self):
        for name, key, job in JOBS:
            self.assertLessEqual(job.get("timeout-minutes", 9999), 240, f"{name}, {key}")

    def test_a_pull_request_meets_no_secret_and_no_right(self):
        text = (ROOT / ".github/workflows/ci.yml").read_text()
        self.assertNotIn("secrets.", text)
        self.assertNotIn("pull_request_target", text)
        self.assertEqual(WORKFLOWS["ci.yml"]["permissions"], {"contents": "read"})
        for name, key, job in JOBS:
            if name == "ci.yml":
                self.assertNotIn("permissions", job, key)

    def test_what_builds_has_no_secret_and_what_has_one_builds_nothing(self):
        allowed = {"sign-macos", "sign-windows", "draft"}
        seen = set()
        for name, key, job in JOBS:
            rights = {k: v for k, v in (job.get("permissions") or {}).items() if (k, v) != ("contents", "read")}
            shell = "\n".join(step.get("run", "") for step in job["steps"])
            if rights or "environment" in job or "secrets." in str(job) or "github.token" in str(job):
                seen.add(key)
                self.assertIn(key, allowed, name)
                self.assertNotRegex(shell, r"cargo|rustup|build\.sh|pack\.sh", key)
        self.assertEqual(seen, allowed)

    def test_a_release_has_every_target(self):
        jobs = WORKFLOWS["release.yml"]["jobs"]
        built = [row["target"] for key in ("linux", "others") for row in jobs[key]["strategy"]["matrix"]["include"]]
        self.assertEqual(sorted(built), sorted((ROOT / "release/targets").read_text().split()))
        self.assertEqual(len(built), len(set(built)))
        for part in ("tests", "linux", "deb", "others", "musl", "sign-macos", "sign-windows"):
            self.assertIn(part, jobs["pack"]["needs"])
        for part in ("sign-macos", "sign-windows"):
            self.assertIn("tests", jobs[part]["needs"])

    def test_what_is_handed_over_is_what_was_made(self):
        jobs = WORKFLOWS["release.yml"]["jobs"]
        uploaded, downloaded = set(), set()
        for key, job in jobs.items():
            rows = job.get("strategy", {}).get("matrix", {}).get("include", [{}])
            untested = False
            for step in job.get("steps", []):
                action, name = step.get("uses", ""), step.get("with", {}).get("name", "")
                names = {name.replace("${{ matrix.target }}", row.get("target", "")) for row in rows}
                if "upload-artifact" in action:
                    uploaded |= names if "||" not in name else {f"{kind}-{row['target']}" for row in rows for kind in KINDS}
                    self.assertIn("handover.sh give", str(job["steps"]), key)
                    self.assertTrue(job["outputs"], key)
                elif "download-artifact" in action:
                    self.assertNotIn("pattern", step["with"], key)
                    self.assertTrue(name, key)
                    downloaded |= names
                    untested = True
                elif "handover.sh take" in step.get("run", ""):
                    untested = False
                    for other, output in re.findall(r"needs\.([\w-]+)\.outputs\.([\w-]+)", str(step["env"])):
                        self.assertIn(output, jobs[other]["outputs"], key)
                        self.assertIn(other, job["needs"], key)
                else:
                    self.assertFalse(untested, f"{key}: {step} is before the comparison of what was downloaded")
            self.assertFalse(untested, key)
            # A row of a matrix sets the output of its own name, or it is lost.
            for row in rows:
                if "steps.sums.outputs" in str(job.get("outputs")) and row:
                    self.assertIn(row["target"], job["outputs"], key)
        self.assertLessEqual(downloaded, uploaded)
        self.assertGreater(len(downloaded), 10)

    def test_nothing_is_installed_beside_what_was_built(self):
        for key, job in WORKFLOWS["release.yml"]["jobs"].items():
            there = False
            for step in job.get("steps", []):
                there = there or "download-artifact" in step.get("uses", "") or "build.sh" in step.get("run", "")
                self.assertFalse(there and "cargo install" in step.get("run", ""), f"{key}: {step}")

    def test_one_image_is_meant_everywhere(self):
        images = {image for file in FILES for image in re.findall(r"^ *image: (.*)", file.read_text(), re.MULTILINE)}
        self.assertEqual(len(images), 1)

    def test_what_is_linked_and_tested_is_what_cargo_toml_asks_for(self):
        for name, workflow in WORKFLOWS.items():
            versions = set(re.findall(r"(?:rust:|toolchain install |rustup default )(\d+\.\d+\.\d+)", str(workflow)))
            self.assertEqual(len(versions), 1, f"{name}: {versions}")
        tools = (ROOT / "tests/run.sh").read_text()
        for tool, version in re.findall(r"--version (\S+) (cargo-\w+)", (ROOT / ".github/workflows/release.yml").read_text()):
            self.assertIn(f"cargo_tool {version} {tool}\n", tools)


if __name__ == "__main__":
    unittest.main()
