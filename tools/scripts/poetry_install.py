"""Installs a copy of the project with Poetry, as Port's monorepo does, and runs what it installed.

python -m tools.scripts.poetry_install            # the versions of requirements.txt
python -m tools.scripts.poetry_install --newest   # the newest that pyproject.toml allows

It takes the `poetry` of the path, and minutes; `make test` has no part in it.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PIN = re.compile(r"^([a-z0-9-]+)==(\S+)( ; [^\\\n]+)?", re.MULTILINE)
_WITH_EXTRAS = re.compile(r"([A-Za-z0-9-]+)(\[[^\]]*\])")
_GROUPS = re.compile(r"^\[dependency-groups\]\n.*?(?=^\[)", re.MULTILINE | re.DOTALL)
_DEPENDENCIES = re.compile(r"^dependencies = \[\n.*?^\]\n", re.MULTILINE | re.DOTALL)
# What the monorepo runs in the folder of an integration.
_TRIED = (
    ("ocean", "version"),
    ("ocean", "port-app-config", "schema"),
    ("python", "-m", "cli", "--help"),
    ("python", "-c", "import integration"),
)


def pinned(text: str, lock: str) -> str:
    """Return a pyproject.toml that asks for the versions of a lock, with the extras that it had.

    The groups are left out: Poetry resolves them whether it is asked for them or not.
    Sample: `httpx[http2]`, and `httpx==0.28.1` in the lock, give `httpx[http2]==0.28.1`.
    """
    asked = tomllib.loads(text)["project"]["dependencies"]
    extras = {found[1]: found[2] for each in asked if (found := _WITH_EXTRAS.match(each))}
    pins = (
        f"{name}{extras.get(name, '')}=={version}{marker.rstrip()}"
        for name, version, marker in _PIN.findall(lock)
    )
    # Texts of JSON are texts of TOML.
    whole = f"dependencies = {json.dumps(list(pins), indent=4)}\n"
    return _DEPENDENCIES.sub(lambda _: whole, _GROUPS.sub("", text), count=1)


def install(folder: Path, *, newest: bool) -> None:
    """Copy the tracked files to a folder, install them there, and run what was installed.

    Raises:
        subprocess.CalledProcessError: Poetry, or a program that it installed, fails.
    """
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, tracked.stdout.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    project = folder / "pyproject.toml"
    if not newest:
        lock = (ROOT / "requirements.txt").read_text("utf-8")
        project.write_text(pinned(project.read_text("utf-8"), lock), "utf-8")
    environment = {**os.environ, "POETRY_VIRTUALENVS_IN_PROJECT": "true"}
    environment.pop("VIRTUAL_ENV", None)
    command = ["poetry", "install", "--only", "main", "--no-interaction"]
    subprocess.run(command, cwd=folder, env=environment, check=True)
    for program, *arguments in _TRIED:
        path = folder / ".venv" / "bin" / program
        print("+", program, *arguments, flush=True)
        subprocess.run([path, *arguments], cwd=folder, stdout=subprocess.DEVNULL, check=True)


def main() -> int:
    """Install in a folder that is removed, and print how long it took; returns 0, or 1 at once."""
    if shutil.which("poetry") is None:
        print("poetry is not on the path; https://python-poetry.org/docs/#installation says how")
        return 1
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        install(Path(folder), newest="--newest" in sys.argv[1:])
    print(f"works, after {time.monotonic() - start:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
