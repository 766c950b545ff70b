"""Writing to Port, with an ear for what it refuses.

Ocean logs a refusal and goes on: some are tried once more without their properties, some are
forgotten, and what was refused at last is told to nobody. Here every answer is heard.
"""

import asyncio
from typing import Any, Literal

import httpx
from loguru import logger
from port_ocean.clients.port.client import PortClient
from port_ocean.clients.port.mixins.entities import EntityClientMixin
from port_ocean.clients.port.types import RequestOptions, UserAgentType
from port_ocean.context.ocean import PortOceanContext
from port_ocean.core.models import BulkUpsertResponse, Entity

from framework.refusals import Refusal, Refusals
from framework.runs import Run, current_run

# Where Ocean itself writes the entities of a request one by one.
_TOO_LARGE = httpx.codes.REQUEST_ENTITY_TOO_LARGE
_NOT_FOUND = httpx.codes.NOT_FOUND
# Of those that Port is asked about at once.
_ASKED_AT_ONCE = 100
# Requests with entities that are sent at once. Ocean means to send 5, and sends all of a batch:
# then each request looks through the connections of all others.
_SENT_AT_ONCE = 10


class WritingContext(PortOceanContext):
    """Ocean's context, whose client for Port listens."""

    def __init__(self, context: PortOceanContext) -> None:
        super().__init__(context.app if context.initialized else None)
        self._listening: ListeningClient | None = None

    @property
    def port_client(self) -> PortClient:
        if self._listening is None:
            self._listening = ListeningClient(super().port_client)
        # It has all that a client has.
        return self._listening  # type: ignore[return-value]


class ListeningClient(EntityClientMixin):
    """Ocean's client for Port, which notes in the current run what Port refuses.

    An entity that is refused comes back whole, so that Ocean's second try writes all of it.
    """

    def __init__(self, client: PortClient) -> None:
        super().__init__(client.auth, client.client)
        self._client = client
        self._turns = asyncio.Semaphore(_SENT_AT_ONCE)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    @property
    def _refusals(self) -> Refusals:
        return (current_run.get(None) or Run()).refusals

    async def upsert_entities_bulk(
        self,
        blueprint: str,
        entities: list[Entity],
        request_options: RequestOptions,
        user_agent_type: UserAgentType | None = None,
        should_raise: bool = True,
    ) -> list[tuple[bool | None, Entity]] | httpx.HTTPStatusError:
        failure: Exception
        try:
            async with self._turns:
                result = await super().upsert_entities_bulk(
                    blueprint, entities, request_options, user_agent_type, should_raise
                )
            if not isinstance(result, httpx.HTTPStatusError):
                return result
            if result.response.status_code == _TOO_LARGE:
                return result
            failure = result
        # Whatever it was, no answer or one that cannot be read: none of these entities is known to
        # be written, so all count as refused, which keeps them, fails the run and is told there.
        except Exception as error:
            if should_raise:
                self._refuse_all(entities, error)
                raise
            failure = error
        self._refuse_all(entities, failure)
        return [(False, entity) for entity in entities]

    def _parse_upsert_entities_batch_response(
        self, entities: list[Entity], result: BulkUpsertResponse
    ) -> list[tuple[bool | None, Entity]]:
        parsed = super()._parse_upsert_entities_batch_response(entities, result)
        errors: dict[int, Any] = {error["index"]: error for error in result.get("errors") or []}
        return [
            self._heard(entity, outcome, errors.get(index, {}))
            for index, (entity, outcome) in enumerate(zip(entities, parsed, strict=True))
        ]

    def _heard(
        self, entity: Entity, outcome: tuple[bool | None, Entity], error: dict[str, Any]
    ) -> tuple[bool | None, Entity]:
        is_taken, written = outcome
        if is_taken:
            self._refusals.take(entity, written.identifier)
            return outcome
        status = error.get("statusCode")
        if is_taken is None and status in (None, _NOT_FOUND):
            # A search identifier that finds nothing: there is no entity to lose. It may also be
            # something that the entity relates to, or Port does not say what it is.
            if status is None or entity.relations:
                self._refusals.unfound.add(entity.blueprint)
            return outcome
        said = str(error.get("message") or error.get("error") or "Port did not say why")
        self._refusals.refuse(entity, Refusal.of(entity, status or 422, said, is_whole=False))
        return is_taken, entity

    async def upsert_entity(
        self,
        entity: Entity,
        request_options: RequestOptions,
        user_agent_type: UserAgentType | None = None,
        should_raise: bool = True,
    ) -> Entity | Literal[False] | None:
        try:
            # Otherwise it takes most refusals for a success.
            written = await super().upsert_entity(
                entity, request_options, user_agent_type, should_raise=True
            )
        # Whatever it was: as above, the entity counts as refused, which keeps it and fails the run.
        except Exception as error:
            self._refuse_all([entity], error, is_whole=False)
            if should_raise:
                raise
            return False
        if written is False:
            refusal = Refusal.of(entity, _NOT_FOUND, "not found", is_whole=False)
            self._refusals.refuse(entity, refusal)
        elif written:
            self._refusals.take(entity, str(written.identifier))
        return written

    def _refuse_all(
        self, entities: list[Entity], error: Exception, *, is_whole: bool = True
    ) -> None:
        status, said = _told(error)
        if status is None:
            # An answer is logged by Ocean; that there was none, by nobody.
            names = f"{len(entities)} entities of {entities[0].blueprint}"
            logger.error(f"Whether Port took {names} is not known: {type(error).__name__}: {error}")
        for entity in entities:
            self._refusals.refuse(entity, Refusal.of(entity, status, said, is_whole=is_whole))

    async def bulk_delete_entities(
        self,
        blueprint: str,
        entity_identifiers: list[str],
        request_options: RequestOptions,
        user_agent_type: UserAgentType | None = None,
        should_raise: bool = True,
    ) -> list[str]:
        deleted = await super().bulk_delete_entities(
            blueprint, entity_identifiers, request_options, user_agent_type, should_raise
        )
        # Some are gone with others already, some are refused: Port knows which.
        left = sorted(set(entity_identifiers) - set(deleted))
        agent = user_agent_type or UserAgentType.exporter
        for start in range(0, len(left), _ASKED_AT_ONCE):
            there = await self._those_there(blueprint, left[start : start + _ASKED_AT_ONCE], agent)
            self._refusals.undeleted |= {(blueprint, identifier) for identifier in there}
        return deleted

    async def _those_there(
        self, blueprint: str, identifiers: list[str], agent: UserAgentType
    ) -> list[str]:
        """Return those that Port still has; all of them where it cannot be asked."""
        rules: list[dict[str, Any]] = [
            {"property": "$identifier", "operator": "in", "value": identifiers},
            {"property": "$blueprint", "operator": "=", "value": blueprint},
        ]
        try:
            found = await self.search_entities(agent, {"combinator": "and", "rules": rules})
        except (httpx.HTTPError, ValueError, KeyError) as error:
            logger.warning(f"Whether entities of {blueprint} were deleted is not known: {error!r}")
            return identifiers
        wanted = set(identifiers)
        return [
            str(entity.identifier)
            for entity in found
            if entity.blueprint == blueprint and entity.identifier in wanted
        ]


def _told(error: Exception) -> tuple[int | None, str]:
    """Return the status of an error, None without an answer, and what it said."""
    if not isinstance(error, httpx.HTTPStatusError):
        return None, type(error).__name__
    try:
        body = error.response.json()
        said = body.get("message") or body.get("error") or ""
    except (ValueError, AttributeError):
        said = error.response.text
    return error.response.status_code, str(said)
