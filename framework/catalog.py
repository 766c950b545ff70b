"""Guards of the catalog: entities that should stay are not deleted."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from loguru import logger
from port_ocean.clients.port.types import UserAgentType
from port_ocean.context.event import EventType, event
from port_ocean.context.ocean import PortOceanContext
from port_ocean.context.resource import resource
from port_ocean.core.handlers.entities_state_applier.port.applier import HttpEntitiesStateApplier
from port_ocean.core.handlers.entity_processor.models import MappedEntity
from port_ocean.core.models import Entity
from port_ocean.core.ocean_types import EntityDiff
from port_ocean.exceptions.context import ResourceContextNotFoundError

from errors import ResourceError, SelectorError
from expressions.conditions import UnmetConditions, comparisons_of
from expressions.item_expressions import ItemExpression
from formats.json_values import LARGEST_VALUE, size_of
from framework.deletion import Doomed, Feeder, LastGuard, feeder_of, named, objections
from framework.dependents import required_by
from framework.entity_processor import FusedEntityProcessor, MappedItems
from framework.owners import Ledger
from framework.port_writes import WritingContext
from framework.refusals import EntityKey, key_of
from framework.runs import Run, current_run
from outcomes import Doubt, are_kept, kept_line
from reading.confirmation import Confirmation, Subject


@dataclass(slots=True)
class IdentifierTally:
    """The count of a resource's items that passed the selector, with and without an identifier.

    `unmet` are conditions of its `query` that found nothing in any item; `ledger`, where the API
    tells by tokens what changed, notes of which items entities are made.
    """

    named: int = 0
    nameless: int = 0
    left_out: int = 0
    unmet: UnmetConditions = field(default_factory=lambda: comparisons_of(None))
    ledger: Ledger | None = None

    @property
    def is_narrowed(self) -> bool:
        """Return whether some items did not become entities."""
        return bool(self.nameless or self.left_out)

    def count(self, items: Sequence[Any], mapped: Iterable[MappedEntity]) -> None:
        """Count what items were mapped to."""
        before = self.named + self.nameless
        for each in mapped:
            if not each.did_entity_pass_selector:
                self.left_out += 1
                continue
            is_named = each.entity.get("identifier") and each.entity.get("blueprint")
            self.named += bool(is_named)
            self.nameless += not is_named
        self.unmet.take(items, some_passed=self.named + self.nameless > before)

    def check(self, kind: str) -> None:
        """Refuse a mapping under which no item at all gets an identifier and a blueprint.

        Raises:
            ResourceError: because Ocean would delete all entities of the resource with success.
        """
        if self.nameless and not self.named:
            raise ResourceError(
                f"none of {self.nameless} items of {kind} gets an identifier and a blueprint from "
                "the mapping, so nothing will be deleted; look at port.entity.mappings.identifier"
            )


class CountingEntityProcessor(FusedEntityProcessor):
    """The entity processor, which also counts, per resource, the items without an identifier."""

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self._tallies: dict[int, IdentifierTally] = {}

    def start_tally(self, index: int, query: str, ledger: Ledger | None = None) -> IdentifierTally:
        """Return a fresh tally for the resource with this index and `query` in the mapping."""
        self._tallies[index] = IdentifierTally(unmet=unmet_of(query), ledger=ledger)
        return self._tallies[index]

    def end_tally(self, index: int) -> None:
        """Count nothing any more for this resource: what is mapped from now on is none of its."""
        self._tallies.pop(index, None)

    async def parse_items_sync(
        self,
        compileable_patterns: dict[str, Any],
        raw_results: list[Any],
        selector_query: str,
        parse_all: bool = False,
    ) -> MappedItems:
        mapped = await super().parse_items_sync(
            compileable_patterns, raw_results, selector_query, parse_all
        )
        tally = self._tallies.get(_current_index())
        if tally and tally.ledger:
            await tally.ledger.note(raw_results, mapped[0])
        return mapped

    def merge_results(
        self, jq_results: Any, async_results: Any, raw_results: list[Any]
    ) -> tuple[list[MappedEntity], list[Exception]]:
        entities, errors = super().merge_results(jq_results, async_results, raw_results)
        entities, too_large = _by_size(entities)
        errors = [*errors, *too_large]
        if tally := self._tallies.get(_current_index()):
            tally.count(raw_results, entities)
        return entities, errors


def _by_size(mapped: list[MappedEntity]) -> tuple[list[MappedEntity], list[Exception]]:
    """Return what is small enough for Port, and an error for each that is not."""
    small = [each for each in mapped if size_of(each.entity) <= LARGEST_VALUE]
    if len(small) == len(mapped):
        return mapped, []
    count = len(mapped) - len(small)
    return small, [
        ResourceError(
            f"{count} entities have more than {LARGEST_VALUE} bytes each, and are not written; "
            "look at port.entity.mappings.properties"
        )
    ]


class DeletionGuard(HttpEntitiesStateApplier):
    """Ocean's applier, whose inferred door of deletion opens for a proof only.

    What a full resync did not bring is deleted where every resource that feeds its blueprint is
    proven, Port refused nothing that speaks against it, and neither `confirm_deletion` nor the last
    guard holds it up. It also spares what live events wrote while the resync was running, which
    read too early to see it.
    """

    def __init__(self, context: PortOceanContext) -> None:
        super().__init__(WritingContext(context))
        self._written_live: set[EntityKey] | None = None
        self._last_guard = LastGuard()

    def begin_sparing(self) -> None:
        """Spare what live events write from now on, because a resync that has begun may miss it."""
        if self._written_live is None:
            self._written_live = set()

    def end_sparing(self) -> None:
        """Spare nothing any more: the next resync sees what live events wrote."""
        self._written_live = None

    async def upsert(self, entities: list[Entity], user_agent_type: UserAgentType) -> list[Entity]:
        is_live = event.event_type == EventType.HTTP_REQUEST
        if is_live:
            self._spare(entities)
        written = await super().upsert(entities, user_agent_type)
        if is_live:
            # Where the mapping's identifier is a search, only Port knows which entity that was.
            self._spare(written)
        return written

    def _spare(self, entities: list[Entity]) -> None:
        if self._written_live is not None:
            self._written_live |= set(map(key_of, entities))

    async def delete_diff(
        self,
        entities: EntityDiff,
        user_agent_type: UserAgentType,
        entity_deletion_threshold: float | None = None,
    ) -> None:
        run = current_run.get(None) or Run()
        before, after = entities["before"], entities["after"]
        doomed = Doomed.of(before, after, {*run.refusals.seen, *(self._written_live or ())})
        doomed = await self._released(doomed, run, entity_deletion_threshold or 0)
        # While the API was asked, live events may have brought some back.
        live = self._written_live or ()
        gone = [entity for entity in doomed.all if key_of(entity) not in live]
        # Ocean looks at the others for what they relate to, and takes each of them once more.
        related = [entity for entity in after if entity.relations] if gone else []
        # Its own threshold is for a whole catalog of which it knows a part: it was judged here.
        await super().delete_diff(
            {"before": gone, "after": related}, user_agent_type, entity_deletion_threshold=1
        )

    async def _released(self, doomed: Doomed, run: Run, threshold: float) -> Doomed:
        """Return what may be deleted, and log what may not."""
        mapped = event.port_app_config.resources
        feeders = [feeder_of(at, one, run.outcome_of(at)) for at, one in enumerate(mapped)]
        proven = await self._proven(doomed, feeders, run, threshold)
        if not proven.entities or not event.port_app_config.delete_dependent_entities:
            return proven
        # Port deletes what requires an entity together with it.
        staying = {*(doomed.entities.keys() - proven.entities.keys()), *run.refusals.blueprints}
        staying |= {one.blueprint for one in feeders if one.objection and one.blueprint}
        needed = await required_by(sorted(staying), self.context.port_client)
        return _withhold(
            proven,
            {
                name: f'"{needed[name]}", of which nothing is deleted, requires it'
                for name in proven.entities
                if name in needed
            },
        )

    async def _proven(
        self, doomed: Doomed, feeders: Sequence[Feeder], run: Run, threshold: float
    ) -> Doomed:
        """Return what is proven to be gone, and log what is not."""
        doomed = _withhold(doomed, _objections_of_port(doomed, run))
        doomed = _withhold(doomed, objections(doomed, feeders))
        if not threshold:
            off = dict.fromkeys(doomed.entities, "entityDeletionThreshold is 0")
            return _withhold(doomed, off)
        doomed = _doubt(doomed, _reservations(doomed, feeders, run), feeders, run)
        confirmed, doubts = await self._asked(doomed, run, feeders)
        doomed = _doubt(doomed, doubts, feeders, run)
        doubts = self._last_guard.doubts(doomed, feeders, threshold, confirmed)
        return _doubt(doomed, doubts, feeders, run)

    async def _asked(
        self, doomed: Doomed, run: Run, feeders: Sequence[Feeder]
    ) -> tuple[Mapping[str, Set[int]], Mapping[str, Doubt]]:
        """Ask the resources with `confirm_deletion` about what is to go.

        Return which of them confirmed it, by blueprint, and what speaks against it.
        """
        confirmed: dict[str, set[int]] = {}
        doubts: dict[str, Doubt] = {}
        for blueprint, entities in doomed.entities.items():
            for feeder in (each for each in feeders if each.feeds(blueprint)):
                confirmation = _confirmation_of(feeder, run, self.context)
                if confirmation is None:
                    continue
                brought = run.parts[feeder.index].entities
                control = next(([one] for one in brought if one.blueprint == blueprint), [])
                doubt = await _ask(confirmation, list(entities.values()), control)
                if doubt is None:
                    confirmed.setdefault(blueprint, set()).add(feeder.index)
                else:
                    doubts[blueprint] = doubt
        return confirmed, doubts


def _objections_of_port(doomed: Doomed, run: Run) -> dict[str, str]:
    """Return the reasons that Port's refusals give why blueprints stay as they are."""
    if reason := run.refusals.general:
        return dict.fromkeys(doomed.entities, f"Port refused entities: {reason}")
    unnamed = run.refusals.unnamed & doomed.entities.keys()
    return dict.fromkeys(unnamed, "Port refused an entity that only a search identifier names")


def _reservations(doomed: Doomed, feeders: Iterable[Feeder], run: Run) -> dict[str, Doubt]:
    """Return what speaks against deleting anything of blueprints; once something would be."""
    return {
        blueprint: doubt
        for feeder in feeders
        if (part := run.parts.get(feeder.index)) and (doubt := part.reservation)
        for blueprint in doomed.entities
        if feeder.feeds(blueprint)
    }


def _withhold(doomed: Doomed, reasons: Mapping[str, str]) -> Doomed:
    """Return the rest, and count in the log what is not deleted for these reasons."""
    for blueprint, reason in reasons.items():
        logger.info(f"Not deleting {doomed.told(blueprint)}: {reason}")
    return doomed.without(reasons)


def _doubt(
    doomed: Doomed, doubts: Mapping[str, Doubt], feeders: Sequence[Feeder], run: Run
) -> Doomed:
    """Return the rest; the resources that feed a doubtful blueprint are kept."""
    reasons: dict[str, str] = {}
    for blueprint, doubt in doubts.items():
        feeding = [feeder for feeder in feeders if feeder.feeds(blueprint)]
        kinds = [feeder.kind for feeder in feeding] or [blueprint]
        logger.warning(kept_line(kinds, [f"{doubt}"]))
        reasons[blueprint] = are_kept(kinds)
        for feeder in feeding:
            run.doubt(feeder.index, doubt)
    return _withhold(doomed, reasons)


def _confirmation_of(feeder: Feeder, run: Run, context: PortOceanContext) -> Confirmation | None:
    """Return the way to ask a resource; None where it has no `confirm_deletion`."""
    part = run.parts.get(feeder.index)
    plan = part.plan if part else None
    if run.session is None or plan is None or plan.confirm_deletion is None:
        return None
    mapped = event.port_app_config.resources[feeder.index]

    async def leaves_out(items: list[dict[str, Any]]) -> bool:
        processor = context.integration.entity_processor
        found = await processor.parse_items(mapped, items, parse_all=True)
        entities = found.entity_selector_diff
        # What Ocean makes several entities of is not judged here.
        return bool(entities.failed and not entities.passed and not mapped.port.items_to_parse)

    return Confirmation(plan, plan.confirm_deletion, run.session, leaves_out)


async def _ask(
    confirmation: Confirmation, entities: Sequence[Entity], living: Sequence[Entity]
) -> Doubt | None:
    """Return what speaks against the deletion of entities.

    Inputs: `living`, an entity that this resource brought: where that one is gone as well, the
    question is wrong.
    """
    for answer in await confirmation.ask(_subjects(living)):
        if answer.is_gone:
            name = answer.subject.identifier
            return Doubt(
                f"confirm_deletion says that {name} is gone, which this resync brought",
                "look at confirm_deletion.fetch and params",
            )
    answers = await confirmation.ask(_subjects(entities))
    if not (there := [answer for answer in answers if not answer.is_gone]):
        return None
    names = named([answer.subject.identifier for answer in there])
    return Doubt(
        f"confirm_deletion does not say of {len(there)} of {len(answers)} entities that they are "
        f"gone: {names}; of the first: {there[0].why}",
        "look at confirm_deletion.gone_when",
    )


def _subjects(entities: Sequence[Entity]) -> list[Subject]:
    return [Subject(str(entity.identifier), entity.blueprint) for entity in entities]


def unmet_of(query: str) -> UnmetConditions:
    """Return the conditions of a selector's `query`, none of which has met any item yet."""
    try:
        return comparisons_of(ItemExpression(query, "query"))
    except SelectorError:
        # Ocean says so itself.
        return comparisons_of(None)


def _current_index() -> int:
    try:
        return resource.index
    except ResourceContextNotFoundError:
        return -1
