"""Failures of a resource: a line for each way of failing, however many fail."""

import gc
import weakref

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_messages import ApiResponse
from errors import EndpointError, OceanCustomError, ResourceError, StatusError
from reading.failures import MOST_WAYS, Failures


def _status(status: int, place: str) -> StatusError:
    return StatusError(status, f"the API answered {status}", endpoint=place, advice="look")


@pytest.mark.contract("log.few-lines")
@given(st.lists(st.tuples(st.integers(400, 440), st.booleans()), max_size=200))
def test_whatever_fails_is_counted_and_told_in_few_lines(found: list[tuple[int, bool]]) -> None:
    failures = Failures()
    for number, (status, is_endpoint) in enumerate(found):
        error: OceanCustomError = _status(status, f"GET /{number}")
        failures.add(error if is_endpoint else ResourceError(f"{status} fails"))
    lines = failures.summary().splitlines()
    ways = len(set(found))
    assert failures.count == len(found)
    assert len(lines) == min(ways, MOST_WAYS) + (ways > MOST_WAYS)
    assert len(failures.errors) <= 3 * MOST_WAYS
    assert bool(failures.errors) == bool(found)


def test_equal_failures_are_one_line_with_three_places() -> None:
    failures = Failures()
    for number in range(10):
        failures.add(_status(500, f"GET /{number}"))
    failures.add(_status(404, "GET /x"))
    assert failures.summary() == (
        "  - 10 times the API answered 500 (look): GET /0; GET /1; GET /2; and 7 more\n"
        "  - GET /x: the API answered 404 (look)"
    )


def test_what_is_about_the_resource_stands_last_and_once() -> None:
    failures = Failures()
    for _ in range(3):
        failures.add(ResourceError("all vanished"))
    failures.add(_status(404, "GET /x"))
    assert failures.summary().splitlines()[1:] == ["  - all vanished"]


@pytest.mark.contract("log.few-lines")
def test_the_first_three_are_logged_as_they_happen(logs: list[str]) -> None:
    failures = Failures()
    for number in range(100):
        failures.add(EndpointError("broken", endpoint=f"GET /{number}"))
    assert len(logs) == 3


def test_the_answers_of_failures_are_not_kept() -> None:
    body = httpx.Headers()
    answer = ApiResponse(httpx.URL("https://api.test/"), 500, body, b"x" * 1000)
    reference = weakref.ref(body)
    failures = Failures()
    failures.add(StatusError(500, "the API answered 500", answer=answer))
    del answer, body
    gc.collect()
    assert reference() is None
    assert failures.count == 1
