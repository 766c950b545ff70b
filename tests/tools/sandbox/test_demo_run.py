"""The demo watches the integration's process, ends it, and says what went wrong."""

import fcntl
import io
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from tools.sandbox.demo.child_environment import RESOURCES
from tools.sandbox.demo.integration_process import (
    DemoError,
    integration_process,
    last_lines,
    ocean_command,
    stop,
    wait,
)
from tools.sandbox.demo.runner import ROOT, Demo, Options

pytestmark = pytest.mark.process

STUBBORN = "import signal, time; signal.signal(2, signal.SIG_IGN); print('up', flush=True); "


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / RESOURCES, tmp_path / RESOURCES, ignore=lambda *_: ["__pycache__"])
    return tmp_path


def run(root: Path, command: list[str], limit: float = 30) -> tuple[int, str]:
    console = Console(file=io.StringIO(), width=200, markup=False)
    code = Demo(Options(root=root, limit=limit, command=command), console).run()
    assert isinstance(console.file, io.StringIO)
    return code, console.file.getvalue()


def test_a_process_that_fails_passes_its_code_on(root: Path) -> None:
    code, output = run(root, python("print('the reason'); raise SystemExit(3)"))

    assert code == 3
    assert "the reason" in output
    assert "The integration ended with code 3. It did not begin to sync." in output
    assert str(root / ".demo/integration.log") in output


def test_a_process_that_did_not_sync_is_a_failure_whatever_it_says(root: Path) -> None:
    assert run(root, python("pass"))[0] == 1


def test_a_process_that_takes_too_long_is_ended(root: Path) -> None:
    code, output = run(root, python("import time; time.sleep(60)"), limit=0.5)

    assert code == 1
    assert "was ended after" in output


def test_the_catalog_is_kept_after_a_failure(root: Path) -> None:
    run(root, python("raise SystemExit(3)"))

    assert (root / ".demo/catalog.json").exists()
    assert "Going on" in run(root, python("pass"))[1]


def test_the_process_sees_the_services_and_its_own_directory(root: Path) -> None:
    program = (
        "import os, urllib.request as r; e = os.environ; "
        "print(r.urlopen(e['OCEAN__INTEGRATION__CONFIG__BASE_URL'] + '/docs').status); "
        "print(r.urlopen(e['OCEAN__PORT__BASE_URL'] + '/sandbox/api/state').status); "
        "print(os.path.isdir(e['TMPDIR']), os.getcwd(), e['TMPDIR'])"
    )
    run(root, python(program))

    *statuses, last = (root / ".demo/integration.log").read_text().splitlines()
    is_directory, cwd, private = last.split()
    assert statuses == ["200", "200"]
    assert (is_directory, cwd) == ("True", str(root))
    assert not Path(private).exists()


def test_a_dotenv_file_is_mentioned(root: Path) -> None:
    (root / ".env").touch()

    assert f"Ocean also reads {root / '.env'}" in run(root, python("pass"))[1]


def test_two_demos_in_one_directory_do_not_mix(root: Path) -> None:
    (root / ".demo").mkdir()

    with (root / ".demo/lock").open("w") as held_by_another:
        fcntl.flock(held_by_another, fcntl.LOCK_EX)
        with pytest.raises(DemoError, match="another demo"):
            run(root, python("pass"))


def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    log = tmp_path / "log"
    missing = [str(tmp_path / "missing")]

    with (
        pytest.raises(DemoError, match="does not start"),
        integration_process(missing, cwd=tmp_path, environment={}, log=log),
    ):
        pytest.fail("the process cannot have started")


def test_the_process_has_ended_when_its_block_ends(tmp_path: Path) -> None:
    log = tmp_path / "log"
    sleeper = python("import time; time.sleep(60)")

    with (
        pytest.raises(KeyboardInterrupt),
        integration_process(sleeper, cwd=tmp_path, environment={}, log=log) as process,
    ):
        raise KeyboardInterrupt
    assert not is_running(process.pid)


def test_a_stubborn_process_is_killed_with_what_it_started(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = (
        "import subprocess, sys; "
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
        f"{STUBBORN} print(child.pid, flush=True); time.sleep(60)"
    )
    with integration_process(python(program), cwd=tmp_path, environment={}, log=log) as process:
        while len(lines := last_lines(log, 2)) < 2:
            time.sleep(0.02)
        stop(process, grace=0.3)

    assert process.returncode == -signal.SIGKILL
    child = int(lines[1])
    deadline = time.monotonic() + 10
    while is_running(child) and not _is_zombie(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_running(child) or _is_zombie(child)


def _is_zombie(pid: int) -> bool:
    """Nobody may be there to collect the exit of an orphan."""
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" in status.read_text()


def test_waiting_shows_progress_again_and_again(tmp_path: Path) -> None:
    calls: list[None] = []
    program = python("import time; time.sleep(0.7); raise SystemExit(4)")
    with integration_process(
        program, cwd=tmp_path, environment={}, log=tmp_path / "log"
    ) as process:
        code = wait(process, seconds=30, each=lambda: calls.append(None))

    assert code == 4
    assert len(calls) >= 2


def test_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert last_lines(log, 2) == []

    log.write_bytes(b"one\ntwo\nthr\xffee\n")
    assert last_lines(log, 2) == ["two", "thr\ufffdee"]


def test_the_ocean_command_is_the_one_beside_the_interpreter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(DemoError, match="install"):
        ocean_command()

    (tmp_path / "ocean").touch()
    assert ocean_command() == [str(tmp_path / "ocean"), "sail", "."]
