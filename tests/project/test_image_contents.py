"""The image holds every package that the integration imports."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_SHIPPED = {"tests", "tools"}


def test_every_package_is_in_the_image() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    taken = {line.removeprefix("!") for line in lines if line.startswith("!")}
    packages = {file.parent.name for file in ROOT.glob("*/__init__.py")}
    assert packages - NOT_SHIPPED <= taken
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    copied = {
        name for name in packages if f"COPY ${{BUILD_CONTEXT}}/{name} ./{name}\n" in dockerfile
    }
    assert copied == packages - NOT_SHIPPED
    assert not NOT_SHIPPED & taken
