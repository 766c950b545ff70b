"""Errors are values: what one says never changes, however it is raised, handled and passed on."""

import asyncio
import pickle
import re
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

import httpx
import pytest

import errors
from api_messages import ApiResponse
from errors import (
    EndpointError,
    GoneError,
    OceanCustomError,
    ResourceError,
    ResponseError,
    SettingsError,
    StatusError,
)

ANSWER = ApiResponse(httpx.URL("https://api.test"), 404, httpx.Headers(), b"{}")


def subclasses(of: type[OceanCustomError]) -> Iterator[tuple[str, str]]:
    """Each error with the one that it is a kind of."""
    for each in of.__subclasses__():
        yield each.__name__, of.__name__
        yield from subclasses(each)


def drawn() -> Iterator[tuple[str, str]]:
    """The same, as the module draws it."""
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r" {4}([│├└─ ]*)(\w+Error)\b", line):
            del above[len(found[1]) // 4 :]
            if above:
                yield found[2], above[-1]
            above.append(found[2])


def test_the_tree_that_is_drawn_is_that_of_the_classes() -> None:
    assert sorted(drawn()) == sorted(subclasses(OceanCustomError))


@pytest.mark.parametrize("name", ["reason", "said", "endpoint", "advice", "answer", "status", "x"])
def test_what_an_error_says_cannot_be_changed(name: str) -> None:
    error = StatusError(404, "no", said="gone", endpoint="GET /x", advice="look", answer=ANSWER)
    before = dict(vars(error))
    with pytest.raises(AttributeError, match=name):
        setattr(error, name, "other")
    assert vars(error) == before
    problems = SettingsError(["one"])
    with pytest.raises(AttributeError, match="problems"):
        problems.problems = ()


def test_another_place_is_another_error_unless_one_is_known() -> None:
    error = StatusError(404, "no", said="gone", advice="look")
    placed = error.at("GET /x")
    assert (type(placed), placed.status, str(error)) == (StatusError, 404, "no: gone (look)")
    assert str(placed) == "GET /x: no: gone (look)"
    assert placed.at("GET /y") is placed


def test_an_answer_is_quoted_unless_the_error_does() -> None:
    error = ResponseError("no")
    assert str(error.about(ANSWER, "body")) == "no: body"
    assert error.about(ANSWER, "body").about(ANSWER, "other").said == "body"
    assert error.about(ANSWER, "").answer is ANSWER
    assert error.answer is None


def test_what_is_gone_says_all_that_the_status_said() -> None:
    error = StatusError(410, "no", said="gone", endpoint="GET /x", advice="look", answer=ANSWER)
    gone = GoneError.of(error)
    assert (str(gone), gone.status, gone.answer) == (str(error), 410, ANSWER)
    assert isinstance(gone, StatusError)


def test_another_error_tells_where_the_first_one_was_raised() -> None:
    def fail() -> None:
        raise EndpointError("no")

    with pytest.raises(EndpointError) as caught:
        fail()
    placed = caught.value.at("GET /x")
    assert placed.__traceback__ is caught.value.__traceback__ is not None


async def test_raising_and_handling_sets_what_python_wants_to_set() -> None:
    @contextmanager
    def passing() -> Iterator[None]:
        yield

    async def fail(error: OceanCustomError) -> None:
        with passing():
            raise error

    async def fail_twice() -> None:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(fail, second)
            await fail(first)

    first, second, cause = StatusError(500, "no"), ResponseError("no"), ResourceError("because")
    with pytest.raises(ResponseError):
        await fail_twice()
    assert second.__context__ is first
    with pytest.RaisesGroup(StatusError):
        async with asyncio.TaskGroup() as group:
            group.create_task(fail(first))
    with pytest.raises(StatusError) as caught:
        raise first.at("GET /x") from cause
    assert caught.value.__cause__ is cause
    first.add_note("noted")
    assert first.__notes__ == ["noted"]
    first.__traceback__ = None
    assert first.with_traceback(None) is first


def test_an_error_is_the_same_in_another_process() -> None:
    error = EndpointError("no", said="gone", endpoint="GET /x", advice="look")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (EndpointError, str(error))
