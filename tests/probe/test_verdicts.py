"""What `check` says of a resource that can be read."""

import pytest

from outcomes import Doubt, Outcome
from probe.resource_reading import ResourceReading
from probe.verdicts import judge
from settings.connection import ConnectionSettings

SETTINGS = ConnectionSettings(base_url="https://api.test")
DOUBT = Doubt("has_more is true, and paginationType is none", "set paginationType")


def reading(outcome: Outcome | None, *, is_strict: bool = False) -> ResourceReading:
    found = ResourceReading(0, "/users", items=[{"id": 1}], endings=["an end"], outcome=outcome)
    found.is_strict = is_strict
    return found


@pytest.mark.contract("evidence.told-before")
def test_a_doubt_is_a_warning_with_the_setting_that_answers_it() -> None:
    verdict = judge(reading(Outcome.of([], [DOUBT.at("GET /users")])), SETTINGS)
    assert verdict.ok
    assert verdict.outcome == "kept"
    (warning,) = verdict.warnings
    assert warning == f"kept, a sync would delete nothing of it: GET /users: {DOUBT}"


@pytest.mark.contract("evidence.told-before")
def test_with_strict_a_doubt_is_a_failure_and_told_once() -> None:
    verdict = judge(reading(Outcome.of([], [DOUBT]), is_strict=True), SETTINGS)
    assert not verdict.ok
    assert verdict.outcome == "kept"
    assert verdict.error == f"kept, strict makes a sync fail: {DOUBT}"
    assert not verdict.warnings
    assert verdict.message == verdict.error


@pytest.mark.parametrize("is_strict", [False, True])
def test_what_is_proven_or_not_known_yet_is_no_warning(is_strict: bool) -> None:
    proven = judge(reading(Outcome.of([], []), is_strict=is_strict), SETTINGS)
    assert (proven.ok, proven.warnings, proven.outcome) == (True, (), "proven")
    unknown = judge(reading(None, is_strict=is_strict), SETTINGS)
    assert (unknown.ok, unknown.warnings, unknown.outcome) == (True, (), None)


def test_what_a_limit_cut_off_is_neither_proven_nor_kept() -> None:
    cut = reading(Outcome.of([], []))
    cut.endings = ["the limit of 1 pages"]
    assert judge(cut, SETTINGS).outcome is None


def test_an_error_is_a_failure() -> None:
    failed = reading(None)
    failed.error = "/users was not read completely"
    assert judge(failed, SETTINGS).outcome == "failed"
