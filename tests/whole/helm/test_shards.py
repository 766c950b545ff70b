"""How the chart splits a mapping: each kind in one shard, and mistakes named."""

from copy import deepcopy
from typing import Any

import pytest
import yaml

from tests.whole.helm.charts import ChartError, Manifest, of_kind, pod_of, render, the, with_values
from tests.whole.helm.matrix import CRONJOB, MAPPING, SHARDS


def mapping_of(manifests: list[Manifest], shard: str) -> dict[str, Any]:
    (text,) = [
        config["data"]["port-app-config.yml"]
        for config in of_kind(manifests, "ConfigMap")
        if config["metadata"]["name"].endswith(f"-{shard}-mapping")
    ]
    mapping: dict[str, Any] = yaml.safe_load(text)
    return mapping


def test_each_shard_has_its_resources_in_the_order_of_the_mapping() -> None:
    manifests = render(with_values(SHARDS))
    people, services = (mapping_of(manifests, shard) for shard in ("people", "services"))
    listed: list[dict[str, Any]] = MAPPING["resources"]  # type: ignore[assignment] # plain data
    assert people["resources"] == listed[:3]
    assert services["resources"] == listed[3:]
    assert (
        people["createMissingRelatedEntities"] is services["createMissingRelatedEntities"] is True
    )


@pytest.mark.parametrize("kind", ["Deployment", "CronJob"])
def test_each_shard_is_an_installation_of_its_own(kind: str) -> None:
    manifests = render(with_values(SHARDS, CRONJOB if kind == "CronJob" else {}))
    workloads = of_kind(manifests, kind)
    sources = [pod_of(workload)["containers"][0]["envFrom"] for workload in workloads]
    configs = {each["metadata"]["name"]: each["data"] for each in of_kind(manifests, "ConfigMap")}
    environments = [configs[source[0]["configMapRef"]["name"]] for source in sources]
    identifiers = [each.pop("OCEAN__INTEGRATION__IDENTIFIER") for each in environments]
    assert identifiers == ["my-api-people", "my-api-services"]
    # All else is the same, the Secret too.
    assert environments[0] == environments[1]
    assert sources[0][1:] == sources[1][1:]
    assert sources[0][1]["secretRef"]["name"] == the(manifests, "Secret")["metadata"]["name"]


def shards(*given: dict[str, Any]) -> dict[str, Any]:
    return {"integration": {"shards": list(given)}}


PEOPLE = {"name": "people", "kinds": ["/users", "/teams"]}
SERVICES = {"name": "services", "kinds": ["/services"]}

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "forgotten kind": (shards(PEOPLE), "the kind /services of integration.mapping is in no shard"),
    "kind twice": (
        shards(PEOPLE, {"name": "services", "kinds": ["/services", "/users"]}),
        "the kind /users is in the shards people and services",
    ),
    "unknown kind": (
        shards(PEOPLE, {"name": "services", "kinds": ["/services", "/service"]}),
        "has the kind /service, which integration.mapping does not have; its kinds are: /teams, ",
    ),
    "name twice": (shards(PEOPLE, {**SERVICES, "name": "people"}), "two shards named people"),
    "bad name": (shards(PEOPLE, {**SERVICES, "name": "Services_1"}), "name"),
    "no kinds": (shards(PEOPLE, SERVICES, {"name": "empty", "kinds": []}), "kinds"),
    "misspelt": (shards({"name": "people", "kind": ["/users"]}), "kind"),
    "blueprints": (
        {"integration": {"blueprints": [{"identifier": "a"}]}},
        "create the blueprints in Port first",
    ),
}


@pytest.mark.parametrize("given, message", WRONG.values(), ids=WRONG)
def test_mistakes_are_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ChartError) as refusal:
        render(with_values(SHARDS, given))
    assert message in str(refusal.value)


def test_shards_need_a_mapping() -> None:
    without = deepcopy(SHARDS)
    del without["integration"]["mapping"]
    with pytest.raises(ChartError, match=r"needs integration\.mapping"):
        render(with_values(without))
