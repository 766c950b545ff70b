"""How a failed one-shot run ends."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FAILED_RUN = """
import logging, signal, threading, time
from exit_code import exit_with_failure_if, interrupt

def send():
    time.sleep(0.3)
    print("the last lines were sent")

class Sending(logging.Handler):
    def emit(self, record): pass
    def flush(self): threading.Thread(target=send).start()

handler = Sending()
logging.getLogger().addHandler(handler)
exit_with_failure_if(lambda: True)
interrupt()
"""


def test_the_last_log_lines_are_sent_before_the_end() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FAILED_RUN], cwd=ROOT, capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 1, done.stderr
    assert "the last lines were sent" in done.stdout
