"""What `check` says of a resource that can be read."""

from outcomes import Doubt, Outcome
from probe.resource_reading import ResourceReading
from probe.verdicts import judge
from settings.connection import ConnectionSettings

SETTINGS = ConnectionSettings(base_url="https://api.test")
DOUBT = Doubt("has_more is true, and paginationType is none", "set paginationType")


def reading(outcome: Outcome | None) -> ResourceReading:
    return ResourceReading(0, "/users", items=[{"id": 1}], endings=["an end"], outcome=outcome)


def test_a_doubt_is_a_warning_with_the_setting_that_answers_it() -> None:
    verdict = judge(reading(Outcome.of([], [DOUBT.at("GET /users")])), SETTINGS)
    assert verdict.ok
    (warning,) = verdict.warnings
    assert warning == f"kept, a sync would delete nothing: GET /users: {DOUBT}"


def test_what_is_proven_or_not_known_yet_is_no_warning() -> None:
    assert not judge(reading(Outcome.of([], [])), SETTINGS).warnings
    assert not judge(reading(None), SETTINGS).warnings
