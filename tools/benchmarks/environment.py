"""The environment of the clients that we compare with, and what machine all of this runs on."""

import hashlib
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_VENV = ROOT / "tools" / "benchmarks" / ".venv"
_LOCK = ROOT / "tools" / "benchmarks" / "requirements.txt"
_STAMP = _VENV / ".locked-by"
_OURS = ("port-ocean", "httpx", "jq", "ijson")
_THEIRS = ("airbyte-cdk", "dlt", "httpx", "orjson")


def their_python() -> Path:
    """Return the interpreter that has the other clients, installed when the lock changes."""
    python = _VENV / "bin" / "python"
    wanted = hashlib.sha256(_LOCK.read_bytes() + str(_VENV).encode()).hexdigest()
    if not _STAMP.exists() or _STAMP.read_text(encoding="ascii") != wanted:
        print("installing tools/benchmarks/requirements.txt", file=sys.stderr)
        uv = _output([str(ROOT / "tools" / "scripts" / "bootstrap"), "uv"])
        base = str(Path(sys.executable).resolve())
        _run([uv, "venv", "--quiet", "--clear", "--no-python-downloads", "--python", base, _VENV])
        _run([uv, "pip", "sync", "--quiet", "--require-hashes", "--python", python, _LOCK])
        _STAMP.write_text(wanted, encoding="ascii")
    return python


def child_environment() -> dict[str, str]:
    """Return the environment of measured processes: no proxy, no OCEAN__ variables."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().endswith("_PROXY")
        and not name.upper().startswith(("OCEAN__", "APPLICATION__"))
    }
    return kept | {"NO_PROXY": "*", "no_proxy": "*", "RUNTIME__DLTHUB_TELEMETRY": "false"}


def machine() -> dict[str, str]:
    """Return the machine and the versions that the figures are from."""
    cores = os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "machine": f"{cores} cores ({_processor()}), {memory:.0f} GiB, {platform.system()}",
        "Python": platform.python_version(),
        "this project": ", ".join(f"{name} {version(name)}" for name in _OURS),
        "compared with": ", ".join(f"{name} {their_version(name)}" for name in _THEIRS),
    }


def their_version(name: str) -> str:
    """Return the version of a package that we compare with."""
    program = "import sys; from importlib.metadata import version; print(version(sys.argv[1]))"
    return _output([str(their_python()), "-c", program, name])


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _output(command: list[str]) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def _run(command: list[str | Path]) -> None:
    subprocess.run(command, check=True, cwd=ROOT)
