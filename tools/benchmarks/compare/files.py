"""The files in which a task is written for a tool."""

from pathlib import Path


def parts_of(file: Path) -> list[Path]:
    """Return this file, and the Python components of an Airbyte manifest where it has some.

    `keystone/airbyte.yml` → that, and `keystone/airbyte_components.py`.
    """
    components = file.with_name(f"{file.stem}_components.py")
    return [file, components] if components.exists() else [file]
