"""Every name that this tree relies on although a release of Ocean or httpx may change it.

A release that renames one, or changes what it takes, fails here by that name, and `seams` tells the
files to mend. Types are left out, because they say the same in many ways.
"""

import importlib
import inspect
from typing import Any

import pytest

from tests.support.seams import owned_by, seams

# What is no function has no signature.
VALUE = "value"
_CORE = "port_ocean.core"
_ENTITIES = f"{_CORE}.handlers.entity_processor"
_SYNC = f"{_CORE}.integrations.mixins"
SEAMS: dict[str, dict[str, str]] = {
    "httpx.AsyncClient": {
        "_transport_for_url": "url",
    },
    "httpx._client.BaseClient": {
        "cookies": "",
    },
    "httpx._types": {
        "CookieTypes": VALUE,
    },
    "port_ocean.clients.port.mixins.entities.EntityClientMixin": {
        "_parse_upsert_entities_batch_response": "entities, result",
        "bulk_delete_entities": (
            "blueprint, entity_identifiers, request_options, user_agent_type=, should_raise="
        ),
        "upsert_entities_bulk": (
            "blueprint, entities, request_options, user_agent_type=, should_raise="
        ),
        "upsert_entity": "entity, request_options, user_agent_type=, should_raise=",
    },
    "port_ocean.clients.port.utils": {
        "_http_client": VALUE,
    },
    "port_ocean.context.ocean": {
        "_port_ocean": VALUE,
    },
    "port_ocean.context.ocean.PortOceanContext": {
        "port_client": "",
    },
    f"{_CORE}.handlers.entities_state_applier.port.applier.HttpEntitiesStateApplier": {
        "delete_diff": "entities, user_agent_type, entity_deletion_threshold=",
        "upsert": "entities, user_agent_type",
    },
    f"{_ENTITIES}.jq_entity_processor.JQEntityProcessor": {
        "_compile": "pattern",
        "_log_search_failure": "pattern, exc, field=",
        "_search": "data, pattern, field=",
        "_search_as_bool": "data, pattern",
        "merge_results": "jq_results, async_results, raw_results",
        "parse_items_sync": "compileable_patterns, raw_results, selector_query, parse_all=",
        "separate_compileable_and_uncompileable_patterns_and_warmup_cache": (
            "raw_entity_mappings, selector_queries="
        ),
    },
    f"{_ENTITIES}.jq_entity_processor_sync.JQEntityProcessorSync": {
        "_log_search_failure": "pattern, exc, field=",
    },
    f"{_CORE}.handlers.port_app_config.models.PortAppConfig": {
        "allow_custom_kinds": VALUE,
    },
    f"{_CORE}.handlers.webhook.abstract_webhook_processor.AbstractWebhookProcessor": {
        "authenticate": "payload, headers",
        "get_matching_kinds": "event",
        "handle_event": "payload, resource",
        "should_process_event": "event",
        "validate_payload": "payload",
    },
    f"{_CORE}.handlers.webhook.webhook_event.WebhookEvent": {
        "_original_request": VALUE,
    },
    f"{_CORE}.incremental.cursor_store.CursorStore": {
        "save": "kind, index, value",
    },
    f"{_CORE}.integrations.base.BaseIntegration": {
        "start": "",
    },
    f"{_SYNC}.handler.HandlerMixin": {
        "AppConfigHandlerClass": VALUE,
        "EntitiesStateApplierClass": VALUE,
        "EntityProcessorClass": VALUE,
        "entities_state_applier": "",
        "entity_processor": "",
        "initialize_handlers": "",
    },
    f"{_SYNC}.live_events.LiveEventsMixin": {
        "_delete_entities": "entities",
    },
    f"{_SYNC}.sync_raw.SyncRawMixin": {
        "_register_resource_raw": "resource, results, user_agent_type, parse_all=, batch_index=",
        "_sync_incremental_kind": (
            "resource, index, cursor, next_cursor, cursor_store, user_agent_type, "
            "integration_type, integration_id, kind_identifier"
        ),
        "resync_reconciliation": (
            "creation_results, did_fetched_current_state, user_agent_type, app_config, silent="
        ),
        "sync_incremental": "interval_seconds, trigger_type=, user_agent_type=",
        "sync_raw_all": "_=, trigger_type=, user_agent_type=, silent=",
    },
    "port_ocean.helpers.async_client.OceanAsyncClient": {
        "_init_proxy_transport": "proxy, **kwargs",
        "_init_transport": "transport=, **kwargs",
        "_transport_kwargs": VALUE,
        "_wrap_with_ip_blocker_if_needed": "transport",
    },
    "port_ocean.log.logger_setup": {
        "_combined_patcher": "record",
    },
    "port_ocean.helpers.ip_blocker": {
        "_TRUSTED_SUBDOMAINS": VALUE,
        "_is_blocked": "ip_str",
    },
    "port_ocean.helpers.retry.RetryTransport": {
        "_log_response_size_async": "request, response",
        "_retry_operation_async": "request, send_method",
        "handle_async_request": "request",
    },
}
EACH = {f"{owner}.{name}": text for owner, names in SEAMS.items() for name, text in names.items()}


def found(qualified: str) -> Any:
    """The value of a name; None for an attribute that a method of its class sets."""
    owner, _, name = qualified.rpartition(".")
    module, _, kind = owner.rpartition(".")
    try:
        return getattr(importlib.import_module(owner), name)
    except ModuleNotFoundError:
        return owned_by(getattr(importlib.import_module(module), kind))[name]


def signature_of(value: Any) -> str:
    """Such as `request, response, attempt=`: what it takes, and what of it may be left out."""
    value = value.fget if isinstance(value, property) else value
    if not inspect.isroutine(inspect.unwrap(value)):
        return VALUE
    parameters = inspect.signature(value).parameters.values()
    return ", ".join(
        str(one.replace(annotation=one.empty)) if one.default is one.empty else f"{one.name}="
        for one in parameters
        if one.name != "self"
    )


@pytest.mark.parametrize("name", EACH)
def test_the_name_is_there_and_takes_what_it_took(name: str) -> None:
    assert signature_of(found(name)) == EACH[name], f"look at {seams()[name]}"


def test_the_list_is_complete_and_has_nothing_else() -> None:
    assert seams().keys() == EACH.keys()


def test_a_compiled_expression_is_cached_around_a_plain_function() -> None:
    assert callable(
        found(f"{_ENTITIES}.jq_entity_processor.JQEntityProcessor._compile").__wrapped__
    )
