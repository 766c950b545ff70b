"""The survey of an endpoint: detection's questions are sent, and the answers gathered."""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import httpx

from api_messages import ApiRequest, ApiResponse
from cli.arrays import jq_path
from cli.init.adaptations import adaptations
from cli.init.asking import Asker
from cli.init.blocks import ASKED
from cli.init.detect.answers import Answer, Ask, Paging, Questions, naming_key
from cli.init.detect.fields import Shape, changing_in, infer_shape
from cli.init.detect.identifiers import Identifier, Keys
from cli.init.detect.lists import ListGuess, find_lists, is_clear, list_at
from cli.init.detect.messages import message_of
from cli.init.detect.naming import blueprint_name
from cli.init.detect.paging import detect_paging
from cli.init.paths import Group, last_group, lists_of, renamed, skeleton
from cli.init.surveyed import Surveyed, ValueSource, Wanted
from cli.init.values import Marks, field_choices, marks_of, path_values, scalar_keys
from errors import (
    ConfigurationError,
    EndpointError,
    RefusedOriginError,
    RequestError,
    ResponseError,
    StatusError,
)
from formats.bodies import decode
from mapping.plan.endpoint import PathValue
from probe.recording import RecordingClient
from reading.data_path_fit import SAYS_ERROR, Quote
from reading.page_parser import NOT_READY
from statuses import Meaning, meaning_of

_MOST_SAMPLES = 300
_MOST_PARENTS = 5
_MOST_TRIED = 20
_MOST_OPTIONS = 5


class Surveyor:
    """Asks endpoints through the client of a sync, one question after the other.

    Inputs: `known`, what documentation says about endpoints that may list placeholders' values.
    """

    def __init__(
        self,
        client: RecordingClient,
        base_url: str,
        asker: Asker,
        progress: Callable[[str], None] = lambda text: None,
        known: Iterable[Wanted] = (),
    ) -> None:
        self._client = client
        self._base_url = base_url
        self._asker = asker
        self._progress = progress
        self._known = {one.path: one for one in known}
        self._surveyed: dict[str, Surveyed] = {}
        # The endpoints whose answers seem to be errors, and whether the user takes them for data.
        self._excused: dict[str, bool] = {}
        # The endpoints that had to be asked, or their answers read, in another way than usual.
        self._adapted: dict[str, Wanted] = {}
        self._changing: dict[str, set[Keys]] = {}

    async def survey(self, wanted: Wanted) -> Surveyed:
        """Find out all about an endpoint; each is asked once.

        Raises:
            EndpointError: its first answer is an error.
            ConfigurationError: its answer holds no list, or a placeholder cannot be filled.
        """
        if wanted.path not in self._surveyed:
            if wanted.placeholders:
                found = await self._survey_nested(wanted)
            else:
                found = self._conclude(wanted, *await self._look(wanted, {}))
            self._surveyed[wanted.path] = found
        return self._surveyed[wanted.path]

    def learn(self, known: Iterable[Wanted]) -> None:
        """Take note of more endpoints that may list placeholders' values."""
        self._known.update((one.path, one) for one in known)

    def forget(self, path: str) -> None:
        """Let an endpoint be asked anew, such as after the user chose where its items are."""
        for known in (self._surveyed, self._excused, self._adapted, self._changing):
            known.pop(path, None)

    async def _look(
        self, wanted: Wanted, values: Mapping[str, PathValue]
    ) -> tuple[ListGuess, Paging, list[dict[str, Any]]]:
        """Survey an endpoint: its list, its pagination, and sample items."""
        self._progress(f"looking at {wanted.path}")
        (request, response, body), guesses = await self._first_page(wanted, values)
        wanted = self._adapted.get(wanted.path, wanted)
        guess = self._choose_list(wanted.path, guesses)
        first = _answer(guess, guess.items, body, response)
        samples: list[dict[str, Any]] = list(guess.items)
        paging = Paging(is_proven=True, why="the answer is one object")
        if guess.form != "object":
            sent = {**wanted.query, **(wanted.body or {})}
            questions = detect_paging(first, sent, wanted.hints)
            paging = await self._answer_all(questions, wanted, request, guess, samples)
            if wanted.asks_in_body and paging.type in ASKED:
                paging = replace(paging, settings={**paging.settings, "in": "body"})
        return guess, paging, _distinct(samples, guess)

    def _choose_list(self, path: str, guesses: Sequence[ListGuess]) -> ListGuess:
        if not guesses:
            raise ConfigurationError(f"the answer of {path} holds no list and no object")
        if is_clear(guesses) or len(guesses) == 1:
            return guesses[0]
        shown = guesses[:_MOST_OPTIONS]
        options = [f"{guess.data_path} ({len(guess.items)} items)" for guess in shown]
        return shown[self._asker.choose(f"{path}: where are the items?", options)]

    async def _answer_all(
        self,
        questions: Questions[Paging],
        wanted: Wanted,
        request: ApiRequest,
        guess: ListGuess,
        samples: list[dict[str, Any]],
    ) -> Paging:
        try:
            ask = next(questions)
            while True:
                answer = await self._ask(wanted, request, ask, guess)
                if ask == Ask():
                    self._changing[wanted.path] = changing_in(guess.items, answer.listed)
                samples += answer.listed
                ask = questions.send(answer)
        except StopIteration as done:
            paging: Paging = done.value
            return paging

    async def _ask(self, wanted: Wanted, request: ApiRequest, ask: Ask, guess: ListGuess) -> Answer:
        """Ask one question; an error that it may have caused itself counts as a refusal.

        Raises:
            EndpointError: the API cannot be asked any more, so that nothing can be concluded.
        """
        try:
            response: ApiResponse = await self._client.send(_asked(wanted, request, ask))
            body = (await decode(response, wanted.endpoint.response_format)).value
        except RefusedOriginError as error:
            self._asker.notes.append(f"a link was not followed: {error}")
            return Answer(None)
        except (StatusError, RequestError) as error:
            if isinstance(error, RequestError) or meaning_of(error.status) is Meaning.LIMITED:
                raise
            return Answer(None)
        except (EndpointError, ValueError):
            return Answer(None)
        return _answer(guess, guess.take(body), body, response)

    def _conclude(
        self,
        wanted: Wanted,
        guess: ListGuess,
        paging: Paging,
        samples: list[dict[str, Any]],
        nests: Sequence[Sequence[str]] = (),
    ) -> Surveyed:
        base = httpx.URL(self._base_url)
        origin = f"{base.scheme}://{base.netloc.decode()}"
        wanted = self._adapted.get(wanted.path, wanted)
        changing = self._changing.get(wanted.path, set())
        name = blueprint_name(wanted.path)
        shape = infer_shape(samples, name, nests, origin, guess.hidden, changing)
        identifier = self._choose_identifier(wanted, shape)
        return Surveyed(wanted, guess, paging, shape, samples, identifier)

    def _choose_identifier(self, wanted: Wanted, shape: Shape) -> Identifier | None:
        named = [one for one in shape.identifiers if one.keys[-1] == wanted.key]
        if named:
            return named[0]
        likely = shape.identifiers[:_MOST_OPTIONS]
        if not likely or likely[0].is_sure:
            return shape.identifier
        question = f"{wanted.path}: which field identifies an item?"
        options = [one.expression for one in likely]
        if len(options) == 1:
            self._asker.notes.append(f"{question} Only {options[0]} tells all of them apart")
            return likely[0]
        return likely[self._asker.choose(question, options)]

    async def _survey_nested(self, wanted: Wanted) -> Surveyed:
        """Return an endpoint with placeholders: asked for the first values that lists give.

        Raises:
            ConfigurationError: no list gives values; says which were looked at.
        """
        group = last_group(wanted.path)
        assert group is not None  # noqa: S101 (it has placeholders)
        looked: list[str] = []
        async for parent in self._parents(wanted, group, looked):
            outer = await self._outer(wanted, group, parent)
            available = scalar_keys(parent.items)
            ranked = [one for one in [parent.identifier] if one]
            choices = field_choices(group, available, [*ranked, *parent.shape.identifiers])
            choices = [_joined(wanted, parent)] if group.name in wanted.joins else choices
            for fields in choices:
                source = ValueSource(parent, fields)
                # Where there are other fields to try, some values that all fail are enough.
                most = _MOST_TRIED if fields is choices[-1] else _MOST_PARENTS
                if found := await self._with_values(wanted, group, source, outer, most):
                    return found
            looked.append(f"{parent.kind}: {_why_not(parent, group, choices)}")
        raise ConfigurationError(_no_values(group, looked))

    async def _parents(
        self, wanted: Wanted, group: Group, looked: list[str]
    ) -> AsyncIterator[Surveyed]:
        """Yield the lists that may give values: known ones first, then those in front of them.

        Why others cannot is added to `looked`.
        """
        own = skeleton(wanted.path)
        known = {path: one for path, one in self._known.items() if skeleton(path) != own}
        paths = list(lists_of(group, known))
        others = [path for path in group.guesses() if path not in paths]
        join = wanted.joins.get(group.name)
        for path in [join.path] if join else [*paths, *others]:
            like = renamed(path, wanted.path) if skeleton(path) == skeleton(group.front) else path
            one = replace(known[path], path=like) if path in known else Wanted(like)
            try:
                yield await self.survey(one)
            except (EndpointError, ConfigurationError) as error:
                looked.append(f"{like}: {_short(error)}")

    async def _outer(
        self, wanted: Wanted, group: Group, parent: Surveyed
    ) -> tuple[dict[str, ValueSource], list[Marks]]:
        """Return where placeholders get their values that the list has nothing to do with."""
        covered = {*parent.wanted.placeholders, *group.names}
        if all(name in covered for name in wanted.placeholders):
            return {}, []
        found = await self.survey(Wanted(group.front))
        names = [f"__{name}" for name in found.wanted.placeholders]
        marks = (tuple((name, str(item.get(name))) for name in names) for item in found.items)
        return found.parameters, list(dict.fromkeys(marks))

    async def _with_values(
        self,
        wanted: Wanted,
        group: Group,
        source: ValueSource,
        outer: tuple[dict[str, ValueSource], list[Marks]],
        most_failed: int,
    ) -> Surveyed | None:
        """Return the survey of the nested endpoint with most items; None where values fail."""
        parent = source.parent
        pages: dict[Marks, list[dict[str, Any]]] = {}
        hidden: set[tuple[str, ...]] = set()
        tried = marks_of(parent, dict(source.fields), outer[1])[:_MOST_TRIED]
        for count, marks in enumerate(tried):
            if count == most_failed and not pages:
                break
            with contextlib.suppress(EndpointError):
                _, guesses = await self._first_page(wanted, path_values(marks))
                pages[marks] = guesses[0].items if guesses else []
                hidden |= guesses[0].hidden if guesses else set()
            if sum(map(bool, pages.values())) == _MOST_PARENTS:
                break
        if not pages:
            return None
        fullest = max(pages, key=lambda marks: len(pages[marks]))
        guess, paging, pages[fullest] = await self._look(wanted, path_values(fullest))
        guess.hidden.update(hidden)
        samples = [{**item, **dict(marks)} for marks, items in pages.items() for item in items]
        surveyed = self._conclude(wanted, guess, paging, samples, _nests(wanted, group))
        surveyed.parameters = {**outer[0], **parent.parameters, group.name: source}
        return surveyed

    async def _first_page(
        self, wanted: Wanted, values: Mapping[str, PathValue]
    ) -> tuple[tuple[ApiRequest, ApiResponse, Any], list[ListGuess]]:
        """Return the first page, asked for or read in another way where the usual one fails."""
        wanted = self._adapted.get(wanted.path, wanted)
        try:
            return await self._page(wanted, values)
        except ResponseError:
            for adapted in adaptations(wanted, self._client.exchanges[-1].content):
                with contextlib.suppress(EndpointError, ValueError):
                    found = await self._page(adapted, values)
                    self._adapted[wanted.path] = adapted
                    return found
            raise

    async def _page(
        self, wanted: Wanted, values: Mapping[str, PathValue]
    ) -> tuple[tuple[ApiRequest, ApiResponse, Any], list[ListGuess]]:
        request = wanted.endpoint.request(self._base_url, values)
        response = await self._client.send(request)
        body = (await decode(response, wanted.endpoint.response_format)).value
        guesses = _lists_in(body, wanted)
        has_list = bool(guesses) and guesses[0].form != "object" and bool(guesses[0].items)
        quote = Quote(request, response.content, self._client.redactor)
        if meaning_of(response.status) is Meaning.NOT_READY and not has_list:
            raise ResponseError(NOT_READY, said=quote.start, advice="run init again later")
        if message := message_of(guesses, body):
            self._refuse_message(wanted.path, quote.body(message.text))
        return (request, response, body), guesses

    def _refuse_message(self, path: str, said: str) -> None:
        """Refuse an answer that seems to be an error, unless the user takes it for data.

        Raises:
            ResponseError: it is none that can be used.
        """
        if path not in self._excused:
            question = f"{path}: the answer seems to say error: {said} Is it data all the same?"
            self._excused[path] = self._asker.confirm(question, default=False)
        if not self._excused[path]:
            raise ResponseError(SAYS_ERROR, said=said)


def _lists_in(body: Any, wanted: Wanted) -> list[ListGuess]:
    """Return the lists of a body, or the one that the user chose.

    Raises:
        ConfigurationError: there is none where the user chose it.
    """
    if wanted.place is None:
        return find_lists(body, wanted.path)
    chosen = list_at(body, wanted.place, wanted.path)
    if chosen is None:
        raise ConfigurationError(
            f"the answer holds no list and no object at {jq_path(wanted.place)}"
        )
    return [chosen]


def _answer(
    guess: ListGuess, items: list[dict[str, Any]] | None, body: Any, response: ApiResponse
) -> Answer:
    path = guess.path if guess.form == "array" else None
    return Answer(items, body, response.headers, response.status, path)


def _joined(wanted: Wanted, parent: Surveyed) -> dict[str, Keys]:
    """Return the fields of a list that the user chose to give placeholders' values."""
    joins = wanted.joins.items()
    return {name: join.keys for name, join in joins if join.path == parent.kind}


def _nests(wanted: Wanted, group: Group) -> list[list[str]]:
    """Return the marks that may be needed to tell items apart: of the last list, then of all."""
    own = [f"__{name}" for name in group.names]
    whole = [f"__{name}" for name in wanted.placeholders]
    return [own] if own == whole else [own, whole]


def _short(error: Exception) -> str:
    if isinstance(error, StatusError):
        return str(error.status)
    return error.cause if isinstance(error, EndpointError) else str(error)


def _why_not(parent: Surveyed, group: Group, choices: Sequence[object]) -> str:
    if not parent.items:
        return "it is empty"
    if not choices:
        return f"its items have no field that gives {', '.join(group.names)}"
    return "every request with its values was an error"


def _no_values(group: Group, looked: Sequence[str]) -> str:
    names = " and ".join(f"{{{name}}}" for name in group.names)
    where = f"; looked at {'; '.join(looked)}" if looked else ", and none stands in front of it"
    return (
        f"no list gives the values of {names}{where}. Give the address of that list "
        "as well, or write path_parameters by hand, see docs/mapping.md"
    )


def _asked(wanted: Wanted, request: ApiRequest, ask: Ask) -> ApiRequest:
    """Return the request of a question; an error where it holds an address that is none."""
    if ask.url:
        return request.following(ask.url)
    if not wanted.asks_in_body:
        return request.with_query(ask.query)
    for name, value in ask.query.items():
        request = request.placed("body", name, value)
    return request


def _distinct(samples: Sequence[dict[str, Any]], guess: ListGuess) -> list[dict[str, Any]]:
    """Return each item once, because questions bring the same items again and again."""
    key = naming_key(guess.items)
    seen: dict[str, dict[str, Any]] = {}
    for item in samples:
        seen.setdefault(str(item.get(key)) if key else repr(item), item)
    if guess.hidden and not key:
        # Items of one answer that look the same differ in what is not looked at.
        known = set(map(repr, guess.items))
        others = [item for name, item in seen.items() if name not in known]
        return [*guess.items, *others][:_MOST_SAMPLES]
    return list(seen.values())[:_MOST_SAMPLES]
