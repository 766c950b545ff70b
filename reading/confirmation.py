"""Asking the API whether entities are gone, before they are deleted (`confirm_deletion`)."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import httpx

from api_messages import ApiRequest, ApiResponse
from errors import OceanCustomError, StatusError
from expressions.evaluator import Evaluator
from formats.messages import Part, message_in, only_explains
from mapping.plan.confirm_deletion import DeletionCheck
from mapping.plan.endpoint import PathValue
from mapping.plan.resource import ResourcePlan
from pagination.page import Page
from reading.account import Account
from reading.data_path_fit import DataPathFit
from reading.page_parser import PageParser
from reading.resource_reader import marked
from reading.session import Session
from reading.shaper import Shaper
from statuses import Meaning, Situation, meaning_of

# Tells whether the mapping's own `query` leaves out all of these items.
type LeavesOut = Callable[[list[dict[str, Any]]], Awaitable[bool]]


class Subject(NamedTuple):
    """The entity that is asked about."""

    identifier: str
    blueprint: str


class Answer(NamedTuple):
    """The answer of the API about one entity; `why` is the reason where it is not gone."""

    subject: Subject
    is_gone: bool
    why: str = ""


class Confirmation:
    """Asks about entities of one resource, with its `confirm_deletion`.

    An entity is gone where the API answers 404 or 410, `gone_when` is true, or the resource's own
    filters leave out what it answers. Anything else is no confirmation: neither is an error on
    which `gone_when` is only true because it would be so of an answer that says nothing.
    """

    def __init__(
        self, plan: ResourcePlan, check: DeletionCheck, session: Session, leaves_out: LeavesOut
    ) -> None:
        self._plan = plan
        self._check = check
        self._session = session
        self._leaves_out = leaves_out

    async def ask(self, subjects: Sequence[Subject]) -> list[Answer]:
        """Ask about up to `max_checks` entities, spread over all that are given."""
        most = self._check.max_checks
        chosen = subjects
        if len(subjects) > most:
            chosen = [subjects[index * len(subjects) // most] for index in range(most)]
        evaluator = Evaluator()
        try:
            return await asyncio.gather(*(self._ask(subject, evaluator) for subject in chosen))
        finally:
            await asyncio.to_thread(evaluator.close)

    async def _ask(self, subject: Subject, evaluator: Evaluator) -> Answer:
        try:
            values = await self._check.values(subject.identifier, subject.blueprint, evaluator)
            request = self._check.endpoint.request(self._session.settings.base_url, values)
            return await self._judged(subject, values, request, evaluator)
        except OceanCustomError as error:
            return Answer(subject, is_gone=False, why=f"{error}")

    async def _judged(
        self,
        subject: Subject,
        values: dict[str, PathValue],
        request: ApiRequest,
        evaluator: Evaluator,
    ) -> Answer:
        texts = {name: value.text for name, value in values.items()}
        gone = self._check.gone
        try:
            response = await self._session.client.send(request)
        except StatusError as error:
            if meaning_of(error.status, Situation.LIVE_EVENT) is Meaning.GONE:
                return Answer(subject, is_gone=True)
            if await gone.action_for(error.answer, texts, evaluator):
                return await self._by_rule(subject, texts, evaluator)
            raise
        if await gone.action_for(response, texts, evaluator):
            if _may_be_message(response):
                return await self._by_rule(subject, texts, evaluator)
            return Answer(subject, is_gone=True)
        if await self._is_left_out(request, response, texts, evaluator):
            return Answer(subject, is_gone=True)
        return Answer(subject, is_gone=False, why=f"the API answered {response.status}")

    async def _by_rule(
        self, subject: Subject, texts: dict[str, str], evaluator: Evaluator
    ) -> Answer:
        """Return that an error means "gone", unless the rule would be true of any other, too."""
        nothing = ApiResponse(httpx.URL("https://nothing.invalid"), 200, httpx.Headers(), b"{}")
        if await self._check.gone.action_for(nothing, texts, evaluator):
            why = (
                "gone_when is true of an error, but would be of any answer that says nothing; let "
                "it look at what the API says of an item that is gone"
            )
            return Answer(subject, is_gone=False, why=why)
        return Answer(subject, is_gone=True)

    async def _is_left_out(
        self,
        request: ApiRequest,
        response: ApiResponse,
        texts: dict[str, str],
        evaluator: Evaluator,
    ) -> bool:
        """Return whether there is an item, and the resource's filters let it through no longer."""
        fit = DataPathFit.of(self._check.endpoint)
        parser = PageParser(self._check.endpoint, fit, self._session.client.redactor, evaluator)
        page = await parser.parse(request, response)
        if not isinstance(page, Page) or not page.items:
            return False
        parser.judge(page, response)
        # What may be a message is no item that filters could leave out.
        if fit.has_sign(page) or any(map(only_explains, page.items)):
            return False
        items = await Shaper(self._plan.shape, evaluator, Account()).apply(page.items)
        if not items:
            return True
        # Without the values of its path, a filter on these leaves out any item.
        if not self._check.marked <= texts.keys():
            return False
        marks = {f"__{name}": texts[name] for name in self._check.marked}
        return await self._leaves_out(marked(items, marks))


def _may_be_message(response: ApiResponse) -> bool:
    """Return whether an answer may be an error under a status of success."""
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return True
    return only_explains(body) or (
        isinstance(body, dict) and message_in([Part("", body)]) is not None
    )
