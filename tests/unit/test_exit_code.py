"""How a failed one-shot run ends."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FAILED_RUN = """
import atexit, logging
from exit_code import exit_with_failure_if, interrupt

class Sending(logging.Handler):
    def flush(self): print("the last lines were sent")

handler = Sending()
atexit.register(print, "everything was closed")
exit_with_failure_if(lambda: True)
interrupt()
"""


def test_what_belongs_to_the_end_is_done_before_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FAILED_RUN], cwd=ROOT, capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines() == ["everything was closed", "the last lines were sent"]
