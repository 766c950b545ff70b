"""What others put into a release is named exactly, and written down."""

import json
import re
from pathlib import Path

import pytest

from tools.scripts import bill_of_materials, third_party
from tools.scripts.release import current_version

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_actions_are_named_by_commit_with_their_version_beside(file: Path) -> None:
    used = re.findall(r"(?m)uses: (\S+)(.*)$", file.read_text("utf-8"))
    assert used
    for action, comment in used:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), action


def test_the_page_of_packages_is_that_of_the_lock() -> None:
    found = {each.name: each for each in third_party.packages(ROOT)}
    assert {"port-ocean", "httpx", "orjson"} <= found.keys()
    assert not {"colorama", "brotlicffi", "win32-setctime"} & found.keys()
    assert all(each.licence not in ("", "not installed") for each in found.values())
    page = (ROOT / third_party.PAGE).read_text("utf-8")
    assert all(f"| {each.name} | {each.version} |" in page for each in found.values())


def test_a_package_under_the_gpl_is_pointed_out() -> None:
    page = third_party.render(ROOT)
    assert "`aiostream` (GNU GENERAL PUBLIC LICENSE Version 3" in page


def test_the_bill_of_materials_has_what_the_lock_has(tmp_path: Path) -> None:
    bill = tmp_path / "sbom.json"
    bill_of_materials.write(bill)
    written = json.loads(bill.read_text("utf-8"))
    assert written["bomFormat"] == "CycloneDX"
    assert written["metadata"]["component"]["version"] == current_version(ROOT)
    versions = {each["name"]: each["version"] for each in written["components"]}
    for package in third_party.packages(ROOT):
        assert versions[package.name] == package.version


def test_versions_of_commands_are_quoted() -> None:
    recipes = (ROOT / "Makefile").read_text("utf-8")
    assert re.findall(r'[^"]\$\(VERSION\)[^"]', recipes) == []
