"""Rounds of an API that tells by a token what changed since, deletions included.

Each round is read to its end like any list. Its last page has the token for the next one, which
counts only once everything of this one is in the catalog.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from loguru import logger

from api_messages import ApiRequest
from errors import EndpointError, StatusError
from expressions.evaluator import Column, Evaluator, Outputs, first_of
from expressions.item_expressions import ItemExpression
from formats.json_values import kind_of
from mapping.plan.error_rules import ErrorPolicy, ErrorRule
from mapping.plan.incremental import Delta
from mapping.plan.resource import ResourcePlan
from pagination.lookup import find
from pagination.page import Page
from reading.account import Account, Reason
from reading.endpoint_reader import EndpointReader, Watch
from reading.item_stream import Portion
from statuses import Meaning, Situation, meaning_of


class DeltaRound(Watch):
    """One round: what changed since `token`, or all there is where that is None.

    `next_token` is the one of the last page so far. `removed` are the items that are gone at the
    end of the round, by their identity; where all is read, only those that were there before in the
    same round, because what a full resync does not bring is gone by its own proof.
    """

    def __init__(
        self, plan: ResourcePlan, delta: Delta, token: str | None, evaluator: Evaluator
    ) -> None:
        self._evaluator = evaluator
        self.next_token: str | None = None
        self.removed: dict[str, Any] = {}
        self._delta = delta
        self._token = token
        self._reads_all = token is None
        # Hashes of identities.
        self._there: set[int] = set()
        self._kind = plan.kind
        self._query = plan.incremental.query_params if plan.incremental else {}
        self._reset = _reset_policy(delta)

    @property
    def reads_ahead(self) -> bool:
        return False

    def answered(self, page: Page) -> None:
        """Take the token of an answer; the items of a large one are not in it, but this is."""
        token = find(page.body, self._delta.place)[1]
        is_text = isinstance(token, str | int) and not isinstance(token, bool) and token != ""
        self.next_token = str(token) if is_text else None

    async def read(
        self, reader: EndpointReader, request: ApiRequest, path_params: Mapping[str, str]
    ) -> AsyncGenerator[Portion]:
        """Read the items that are there, as `EndpointReader.read` gives them, with its errors."""
        if self._token is not None:
            try:
                asked = self._asked(request, self._token)
                async with aclosing(reader.read(asked, path_params, self)) as portions:
                    async for portion in portions:
                        yield await self._sifted(portion, reader.account)
                return
            except StatusError as error:
                if not await self._is_expired(error):
                    raise
                logger.warning(
                    f"{self._kind}: the token of incremental.delta is not valid any more, so that "
                    "all is read; what was deleted meanwhile goes with the next full resync"
                )
            self._reads_all = True
        async with aclosing(reader.read(request, path_params, self)) as portions:
            async for portion in portions:
                yield await self._sifted(portion, reader.account)

    async def identities(self, items: Sequence[Any]) -> list[str | None]:
        """Return what tells each item from others; None where it has nothing that does.

        Raises:
            ExpressionLimitError: the expression takes more than it may.
        """
        rows = await self._evaluator.table([Column(self._delta.identity)], items)
        return [
            None if isinstance(row[0], ValueError) else _identity_of(first_of(row[0]))
            for row in rows
        ]

    def conclude(self) -> None:
        """Warn where the round has no token for the next one."""
        if self.next_token is None:
            logger.warning(
                f"{self._kind}: the last page has no {self._delta.place}, so that the next "
                "incremental run reads all; look at incremental.delta"
            )

    def _asked(self, request: ApiRequest, token: str) -> ApiRequest:
        try:
            return self._delta.placed(request.with_query(self._query), token)
        except ValueError as error:
            raise EndpointError(f"{error}", advice="look at incremental.delta") from None

    async def _is_expired(self, error: StatusError) -> bool:
        if meaning_of(error.status, Situation.DELTA) is Meaning.EXPIRED:
            return True
        if self._reset is None:
            return False
        return await self._reset.action_for(error.answer, {}, self._evaluator) is not None

    async def _sifted(self, portion: Portion, account: Account) -> Portion:
        """Return the items of a portion that are there, and note the others.

        The last word of a round on an item counts.

        Raises:
            EndpointError: an expression fails, or an item that is gone cannot be told from others.
        """
        columns = [Column(self._delta.removed), Column(self._delta.identity)]
        rows = await self._evaluator.table(columns, portion.items)
        pairs = zip(portion.items, rows, strict=True)
        there = [item for item, row in pairs if not self._is_removed(item, row)]
        account.left_out[Reason.REMOVED] += len(portion.items) - len(there)
        return portion if len(there) == len(portion.items) else portion._replace(items=there)

    def _is_removed(self, item: Any, row: Sequence[Outputs]) -> bool:
        is_gone = _first(self._delta.removed, row[0]) is True
        value = _first(self._delta.identity, row[1])
        identity = _identity_of(value)
        if identity is not None:
            self._note(identity, item, is_gone=is_gone)
        elif is_gone:
            raise EndpointError(
                f"incremental.delta.id {self._delta.identity.expression} gives {kind_of(value)} "
                "for an item that is gone",
                advice="look at incremental.delta.id",
            )
        return is_gone

    def _note(self, identity: str, item: Any, *, is_gone: bool) -> None:
        if not is_gone:
            self.removed.pop(identity, None)
            if self._reads_all:
                self._there.add(hash(identity))
        elif not self._reads_all or hash(identity) in self._there:
            self.removed[identity] = item


def _identity_of(value: Any) -> str | None:
    is_one = isinstance(value, str | int | float) and not isinstance(value, bool)
    return str(value) if is_one else None


def _first(expression: ItemExpression, outputs: Outputs) -> Any:
    if isinstance(outputs, ValueError):
        raise EndpointError(
            f"{expression.setting} fails on an item: {outputs}", advice="look at incremental.delta"
        )
    return first_of(outputs)


def _reset_policy(delta: Delta) -> ErrorPolicy | None:
    """Return the way to ask `reset` about an answer: it is a rule of errors."""
    if delta.reset is None:
        return None
    rule = ErrorRule.parse(f"({delta.reset.expression}) == true", "skip", delta.reset.setting)
    return ErrorPolicy((rule,))
