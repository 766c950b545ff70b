"""The examples of docs/port-examples.md, each run against a model of its API."""

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest
import yaml

from tests.whole.pipeline.conftest import Sync
from tests.whole.pipeline.support import ROOT, Asked, Outcome, reply

PAGE = (ROOT / "docs" / "port-examples.md").read_text("utf-8")
EXAMPLES: dict[str, dict[str, Any]] = {
    title: yaml.safe_load(block)
    for title, block in re.findall(r"^## (.+?)\n.*?^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.M)
}
NAMES = ["a", "b", "c", "d", "e"]

type Answer = Callable[[httpx.Request], Any]


def things(key: str = "id") -> list[dict[str, Any]]:
    return [{key: name, "name": name} for name in NAMES]


def by_cursor(found: str, param: str, render: Callable[[list[Any], str], Any]) -> Answer:
    """Pages of two things, each with the cursor of the next; the last has none."""

    def answer(request: httpx.Request) -> Any:
        start = int(request.url.params.get(param) or 0)
        following = str(start + 2) if start + 2 < len(NAMES) else ""
        return render(things(found)[start : start + 2], following)

    return answer


def by_number(
    render: Callable[[list[Any], bool], Any], place: Callable[[httpx.Request], int]
) -> Answer:
    def answer(request: httpx.Request) -> Any:
        start = place(request)
        return render(things()[start : start + 2], start + 2 < len(NAMES))

    return answer


def links(base: str, key: str) -> Answer:
    def answer(request: httpx.Request) -> Any:
        start = int(request.url.params.get("$skiptoken", "0"))
        following = {key: f"{base}{request.url.path}?$skiptoken={start + 3}"} if start < 2 else {}
        return {"value": things()[start : start + 3], **following}

    return answer


def body_of(request: httpx.Request) -> dict[str, Any]:
    return json.loads(request.content) if request.content else {}


def windowed(*params: str, of: Callable[[httpx.Request], Any], items: list[Any]) -> Answer:
    """One page of items for a range that has both its ends; anything else is refused."""

    def answer(request: httpx.Request) -> Any:
        given = of(request)
        if any(not given.get(name) for name in params):
            return reply({"error": f"{params} required"}, 400)
        return {"data": items, "has_more": False, "next_page": None}

    return answer


def cursor_usage(request: httpx.Request) -> Any:
    given = body_of(request)
    if not given["startDate"] < given["endDate"] <= given["startDate"] + 30 * 86_400_000:
        return reply({"error": "bad range"}, 400)
    start = (given["page"] - 1) * given["pageSize"]
    days = [{"userId": "u", "day": name} for name in NAMES]
    more = start + given["pageSize"] < len(days)
    return {"data": days[start : start + given["pageSize"]], "pagination": {"hasNextPage": more}}


def slack(key: str, items: list[Any], following: str) -> Any:
    return {"ok": True, key: items, "response_metadata": {"next_cursor": following}}


def zendesk(key: str, items: list[Any], following: str) -> Any:
    link = f"https://example.zendesk.com/x?{following}" if following else None
    meta = {"has_more": bool(following), "after_cursor": following or None}
    return {key: items, "meta": meta, "links": {"next": link}}


MODELS: dict[str, dict[str, Answer | Any]] = {
    "Slack": {
        f"/api/{kind}": by_cursor(
            "id",
            "cursor",
            partial(slack, key),
        )
        for kind, key in (
            ("users.list", "members"),
            ("conversations.list", "channels"),
            ("usergroups.list", "usergroups"),
        )
    },
    "Canny": {
        "/api/v1/boards/list": {"boards": things()},
        "/api/v1/posts/list": by_number(
            lambda items, more: {"posts": items, "hasMore": more},
            lambda request: int(body_of(request).get("skip", 0)),
        ),
    },
    "HubSpot": {
        f"/crm/v3/objects/{kind}": by_cursor(
            "id",
            "after",
            lambda items, following: {
                "results": items,
                **({"paging": {"next": {"after": following}}} if following else {}),
            },
        )
        for kind in ("contacts", "companies")
    },
    "Zendesk": {
        f"/api/v2/{kind}": by_cursor(
            "id",
            "page[after]",
            partial(zendesk, kind),
        )
        for kind in ("tickets", "users")
    },
    "Prometheus": {
        "/api/v1/alerts": {
            "status": "success",
            "data": {"alerts": [{"labels": {"alertname": name}} for name in NAMES]},
        },
        "/api/v1/rules": {
            "status": "success",
            "data": {"groups": [{"rules": things()[:2]}, {"rules": things()[2:]}]},
        },
        "/api/v1/targets": {
            "status": "success",
            "data": {"activeTargets": [{"labels": {"instance": name}} for name in NAMES]},
        },
    },
    "n8n": {
        f"/api/v1/{kind}": by_cursor(
            "id",
            "cursor",
            lambda items, following: {"data": items, "nextCursor": following or None},
        )
        for kind in ("workflows", "users")
    },
    "Azure AD": {
        "/v1.0/users": links("https://graph.microsoft.com", "@odata.nextLink"),
        "/v1.0/groups": {"value": [{"id": "g"}]},
        "/v1.0/groups/g/members": {"value": things()},
        "/tenant/oauth2/v2.0/token": {"access_token": "graph-token", "expires_in": 3599},
    },
    "Azure Monitor": {
        "/subscriptions/1/providers/Microsoft.AlertsManagement/alerts": links(
            "https://management.azure.com", "nextLink"
        ),
        "/tenant/oauth2/v2.0/token": {"access_token": "arm-token", "expires_in": 3599},
    },
    "Rootly": {
        "/v1/incidents": by_number(
            lambda items, more: {"data": items, "meta": {"next_page": 2 if more else None}},
            lambda request: 2 * int(request.url.params["page[number]"]) - 2,
        ),
        "/v1/services": by_number(
            lambda items, more: items,
            lambda request: 2 * int(request.url.params["page[number]"]) - 2,
        ),
    },
    "Claude": {
        "/v1/organizations/usage_report/messages": windowed(
            "starting_at",
            "ending_at",
            of=lambda request: request.url.params,
            items=[{"starting_at": name, "results": [1]} for name in NAMES],
        ),
        "/v1/organizations/cost_report": {
            "data": [{"starting_at": f"cost-{name}"} for name in NAMES],
            "has_more": False,
            "next_page": None,
        },
    },
    "OpenAI": {
        "/v1/organization/costs": windowed(
            "start_time",
            "end_time",
            of=lambda request: request.url.params,
            items=[{"start_time": number} for number in range(5)],
        ),
        "/v1/models": {"object": "list", "data": things()},
    },
    "Cursor": {
        "/teams/daily-usage-data": cursor_usage,
        "/teams/members": {"teamMembers": things()},
    },
}


def resources_of(title: str) -> list[dict[str, Any]]:
    """The resources of an example, each with a mapping; its own identifier where it has one."""
    return [
        {
            **{key: value for key, value in each.items() if key != "identifier"},
            "port": {
                "entity": {
                    "mappings": {
                        "identifier": each.get("identifier", ".id"),
                        "blueprint": f'"kind{number}"',
                    }
                }
            },
        }
        for number, each in enumerate(EXAMPLES[title]["resources"])
    ]


async def run(title: str, sync: Sync) -> Outcome:
    return await sync(EXAMPLES[title]["settings"], resources_of(title), MODELS[title])


@pytest.mark.contract("examples.of-port")
def test_every_example_has_a_model() -> None:
    assert EXAMPLES.keys() == MODELS.keys()


@pytest.mark.contract("examples.of-port")
@pytest.mark.parametrize("title", EXAMPLES)
async def test_an_example_reads_all_that_there_is(
    title: str, sync: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANNY_API_KEY", "canny-key")
    outcome = (await run(title, sync)).succeeded()
    assert not [line for line in outcome.warnings.splitlines() if "is kept" in line]
    for number, each in enumerate(EXAMPLES[title]["resources"]):
        there = [
            entity["identifier"]
            for entity in outcome.result.upserted_entities
            if entity["blueprint"] == f"kind{number}"
        ]
        assert len(set(there)) == 5, f"{each['kind']}: {there}\n{outcome.warnings}"
    assert all(_is_authorized(each, title) for each in outcome.asked)


def _is_authorized(asked: Asked, title: str) -> bool:
    """Each request carries what the example says, and a User-Agent that allow-lists name."""
    assert asked.headers["user-agent"] == "Port-Ocean-HTTP-Integration/1.0"
    if asked.url.path.endswith("/token"):
        return "authorization" not in asked.headers
    match EXAMPLES[title]["settings"].get("authType", "none"):
        case "none":
            return title == "Prometheus" or bool(asked.body["apiKey"] == "canny-key")
        case "api_key":
            settings = EXAMPLES[title]["settings"]
            return bool(asked.headers[settings["apiKeyHeader"]] == settings["apiKey"])
    return asked.headers["authorization"].split()[0] in ("Bearer", "Basic")


@pytest.mark.contract("pagination.own-size")
async def test_the_size_of_the_mapping_is_told(sync: Sync) -> None:
    outcome = await run("Claude", sync)
    assert "limit is sent as the mapping says, 7, and not as pageSize 100" in outcome.warnings
    asked = [each.query.get("limit") for each in outcome.asked]
    assert asked == ["7", "100"]


async def test_a_message_of_slack_is_no_empty_list(sync: Sync) -> None:
    refused = {path: {"ok": False, "error": "invalid_auth"} for path in MODELS["Slack"]}
    settings = EXAMPLES["Slack"]["settings"]
    outcome = await sync(settings, resources_of("Slack"), refused, existing=["kind0/old"])
    outcome.failed("invalid_auth")
    assert outcome.deleted == []
