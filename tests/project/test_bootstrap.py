"""tools/scripts/bootstrap where things are missing: it says what, and trusts no dead shim."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]
COMMANDS = ("cat", "chmod", "cksum", "dirname", "env", "grep", "ln", "mkdir", "rm", "sed", "sh")

# Where the bootstrap looks for Pythons that are not on PATH.
_SYSTEM = "/usr/local/bin/python3 /usr/bin/python3"


class Machine:
    """A checkout on a machine that has nothing on PATH but `COMMANDS` and what a test adds."""

    def __init__(self, home: Path) -> None:
        self.checkout = home / "checkout"
        self.bin = home / "bin"
        self.home = home
        self.bin.mkdir()
        (self.checkout / "tools/scripts").mkdir(parents=True)
        for name in ("tools/scripts/bootstrap", "requirements-dev.txt", "requirements-uv.txt"):
            shutil.copy(ROOT / name, self.checkout / name)
        # The system's own Pythons are not this machine's.
        script = self.checkout / "tools/scripts/bootstrap"
        text = script.read_text("utf-8")
        assert _SYSTEM in text
        script.write_text(text.replace(_SYSTEM, str(home / "nothing")), "utf-8")
        for name in COMMANDS:
            (self.bin / name).symlink_to(shutil.which(name) or f"/bin/{name}")

    def command(self, name: str, script: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def bootstrap(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["tools/scripts/bootstrap", *arguments],
            cwd=self.checkout,
            env={"PATH": str(self.bin), "HOME": str(self.home), **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


UV_WITHOUT_PYTHON = 'case "$1" in --version) echo "uv 0.13.0" ;; *) exit 2 ;; esac'


def test_names_the_missing_python_and_how_to_get_it(machine: Machine) -> None:
    machine.command("uv", UV_WITHOUT_PYTHON)
    outcome = machine.bootstrap(PYENV_ROOT=str(machine.home))
    assert outcome.returncode == 1
    assert "error: Python 3.12 or newer is needed" in outcome.stderr
    assert "apt-get install python3.12" in outcome.stderr
    assert "make install PYTHON=" in outcome.stderr


def test_refuses_a_chosen_python_that_does_not_run(machine: Machine) -> None:
    machine.command("uv", UV_WITHOUT_PYTHON)
    outcome = machine.bootstrap(PYTHON="/nonexistent/python3.12")
    assert outcome.returncode == 1
    assert "PYTHON=/nonexistent/python3.12 is not a working Python" in outcome.stderr


def test_passes_over_dead_shims_and_gives_uv_the_real_path(machine: Machine) -> None:
    machine.command("uv", 'echo "uv: $*" >&2; ' + UV_WITHOUT_PYTHON)
    machine.command("python3.12", "exit 127")
    machine.command("python3.13", f'exec "{sys.executable}" "$@"')
    outcome = machine.bootstrap()
    assert f"--python {Path(sys.executable).resolve()} " in outcome.stderr


@pytest.mark.parametrize("answer", ["exit 127", 'echo "uv 0.9.30"', 'echo "uv 0.10.2"'])
def test_passes_over_a_uv_that_is_dead_or_too_old(machine: Machine, answer: str) -> None:
    machine.command("uv", answer)
    fallback = machine.home / ".local/bin/uv"
    fallback.parent.mkdir(parents=True)
    fallback.symlink_to(machine.bin / "good-uv")
    machine.command("good-uv", 'echo "uv 0.11.0"')
    outcome = machine.bootstrap("uv")
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.strip() == str(fallback)


# Makes an environment of this Python, and keeps a list of what it was asked for.
WORKING_UV = f"""
echo "$*" >>"$HOME/asked"
case "$1" in
    --version) echo "uv 0.13.0" ;;
    venv) mkdir -p .venv/bin && ln -s "{Path(sys.executable).resolve()}" .venv/bin/python ;;
esac
"""


def test_installed_environment_is_left_alone(machine: Machine) -> None:
    machine.command("uv", WORKING_UV)
    machine.command("python3.12", f'exec "{sys.executable}" "$@"')
    asked = machine.home / "asked"
    first = machine.bootstrap()
    assert first.returncode == 0, first.stderr
    assert "pip sync" in asked.read_text("utf-8")
    asked.unlink()
    again = machine.bootstrap()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert not asked.exists()
    (machine.checkout / "requirements-dev.txt").write_text("# another lock\n", "utf-8")
    assert machine.bootstrap().returncode == 0
    assert "pip sync" in asked.read_text("utf-8")
    assert "venv --quiet --clear" not in asked.read_text("utf-8")
