"""A release: one version everywhere, raised in one step, with the changelog's part as its notes."""

import shutil
import tomllib
from pathlib import Path

import pytest
import yaml

from tools.scripts import release
from tools.scripts.release import FILES, ReleaseError, current_version, notes, raise_version

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the files that have the version."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_the_version_is_the_same_everywhere() -> None:
    version = current_version(ROOT)
    chart = yaml.safe_load((ROOT / "helm" / "ocean-custom" / "Chart.yaml").read_text("utf-8"))
    assert chart["version"] == chart["appVersion"] == version
    assert f"ARG INTEGRATION_VERSION={version}\n" in (ROOT / "Dockerfile").read_text("utf-8")
    for name in FILES:
        assert version in (ROOT / name).read_text("utf-8"), name


def test_raising_changes_the_version_and_nothing_else(checkout: Path) -> None:
    old, new = current_version(checkout), "17.4.20"
    before = {name: (checkout / name).read_text("utf-8") for name in FILES}
    raise_version(checkout, new)
    for name in FILES:
        after = (checkout / name).read_text("utf-8")
        assert new in after
        assert after.replace(new, old) == before[name]
    project = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))
    was = tomllib.loads(before["pyproject.toml"])
    assert project["project"].pop("version") == new
    was["project"].pop("version")
    assert project == was


def test_no_other_file_has_the_version() -> None:
    version = current_version(ROOT)
    others = [
        path.relative_to(ROOT).as_posix()
        for pattern in ("*", "docs/**/*", "helm/**/*", "examples/**/*", ".github/**/*", "docker/*")
        for path in ROOT.glob(pattern)
        if path.is_file() and not path.name.startswith(("requirements", ".coverage", "sbom"))
        if path.suffix != ".png"
        if f'"{version}"' in (text := path.read_text("utf-8")) or f":{version}" in text
    ]
    assert set(others) <= {*FILES, "CHANGELOG.md"}


@pytest.mark.parametrize("version", ["0.0.9", "1.0", "v1.0.0", "1.0.0-rc1", "01.2.3", "", None])
def test_what_is_no_higher_version_changes_nothing(checkout: Path, version: str | None) -> None:
    before = {name: (checkout / name).read_text("utf-8") for name in FILES}
    with pytest.raises(ReleaseError):
        raise_version(checkout, current_version(checkout) if version is None else version)
    assert {name: (checkout / name).read_text("utf-8") for name in FILES} == before


def test_parts_of_other_versions_stay(checkout: Path) -> None:
    old = current_version(checkout)
    others = f"10.{old} {old}.1 {old}1 1{old}"
    (checkout / "README.md").write_text(f"{others} {old} :{old}.\n", "utf-8")
    raise_version(checkout, "9.9.9")
    assert (checkout / "README.md").read_text("utf-8") == f"{others} 9.9.9 :9.9.9.\n"


def test_notes_are_one_versions_part_of_the_changelog(tmp_path: Path) -> None:
    changelog = "# Changelog\n\n## 1.2.0 (2026-12-01)\n\nNew.\n\n## 1.1.0 (2026-11-01)\n\nOld.\n"
    (tmp_path / "CHANGELOG.md").write_text(changelog, "utf-8")
    assert notes(tmp_path, "1.2.0") == "New.\n"
    assert notes(tmp_path, "1.1.0") == "Old.\n"
    with pytest.raises(ReleaseError, match=r"no version 1\.3\.0"):
        notes(tmp_path, "1.3.0")


def test_the_command_line_reports_errors(capsys: pytest.CaptureFixture[str]) -> None:
    assert release.main(["raise", "0.0.1"]) == 1
    assert "error: 0.0.1 is not higher than" in capsys.readouterr().err
