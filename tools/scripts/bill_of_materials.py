"""Writes the bill of materials of the image (CycloneDX), from the lock and pyproject.toml.

python -m tools.scripts.bill_of_materials sbom.cdx.json
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Where it is there, the program looks for name and version in it alone.
_POETRY = re.compile(r"^\[tool\.poetry\]\n.*?(?=^\[|\Z)", re.MULTILINE | re.DOTALL)


def write(bill: Path) -> None:
    """Write the bill of materials to a file.

    Raises:
        subprocess.CalledProcessError: the lock or pyproject.toml cannot be read.
    """
    with tempfile.TemporaryDirectory() as folder:
        about = Path(folder) / "pyproject.toml"
        text = (ROOT / "pyproject.toml").read_text("utf-8")
        about.write_text(_POETRY.sub("", text), "utf-8")
        program = Path(sys.executable).with_name("cyclonedx-py")
        lock = ["requirements.txt", "--pyproject", str(about), "--output-reproducible"]
        subprocess.run([program, "requirements", *lock, "-o", bill.resolve()], cwd=ROOT, check=True)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
