"""What the chart renders, for a matrix of values, is valid, confined and refers to what exists."""

from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest

from tests.whole.helm.charts import Manifest, of_kind, pod_of, render, the, with_values
from tests.whole.helm.matrix import CRONJOB, EXTRAS, INCREMENTAL, LIVE, MATRIX, SHARDS

OLDEST, NEWEST = "1.25", kubernetes_validate.latest_version()
WORKLOADS = ("Deployment", "CronJob", "Job")
CUSTOM_RESOURCES = ("ServiceMonitor",)
# A CronJob's name, to which the controller adds 11 characters.
LONGEST_NAMES = {"CronJob": 52}


@pytest.fixture(scope="module", params=MATRIX)
def values(request: pytest.FixtureRequest) -> dict[str, Any]:
    return MATRIX[str(request.param)]


@pytest.fixture(scope="module")
def manifests(values: dict[str, Any]) -> list[Manifest]:
    return render(values)


def workloads(manifests: list[Manifest]) -> list[Manifest]:
    return [each for kind in WORKLOADS for each in of_kind(manifests, kind)]


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_kubernetes_knows_every_field(manifests: list[Manifest], version: str) -> None:
    for manifest in manifests:
        if manifest["kind"] not in CUSTOM_RESOURCES:
            kubernetes_validate.validate(manifest, version, strict=True)


def test_names_are_unique_and_short_enough(manifests: list[Manifest]) -> None:
    names = [(manifest["kind"], manifest["metadata"]["name"]) for manifest in manifests]
    assert len(set(names)) == len(names)
    for kind, name in names:
        assert len(name) <= LONGEST_NAMES.get(kind, 63)
        assert not name.endswith("-")


def test_pods_are_confined(manifests: list[Manifest]) -> None:
    assert workloads(manifests)
    for workload in workloads(manifests):
        pod = pod_of(workload)
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"].keys() == {"cpu", "memory"}
        writable = [each["name"] for each in pod["volumes"] if "emptyDir" in each]
        mounts = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
        assert [mounts[name] for name in writable] == ["/tmp/ocean"]


def test_the_cluster_may_choose_the_user() -> None:
    pod = pod_of(the(render(MATRIX["openshift"]), "Deployment"))
    assert pod["securityContext"].keys() == {"runAsNonRoot", "seccompProfile"}
    usual = pod_of(the(render(MATRIX["minimal"]), "Deployment"))
    assert usual["securityContext"]["runAsUser"] == 65532


def test_the_cluster_grants_nothing(manifests: list[Manifest]) -> None:
    kinds = {manifest["kind"] for manifest in manifests}
    assert not kinds & {"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}
    for account in of_kind(manifests, "ServiceAccount"):
        assert account["automountServiceAccountToken"] is False


def test_selectors_match_the_pods_of_one_workload(manifests: list[Manifest]) -> None:
    deployments = of_kind(manifests, "Deployment")
    for deployment in deployments:
        wanted = deployment["spec"]["selector"]["matchLabels"].items()
        matched = [
            each["metadata"]["name"]
            for each in deployments
            if wanted <= each["spec"]["template"]["metadata"]["labels"].items()
        ]
        assert matched == [deployment["metadata"]["name"]]
    for selecting in _selectors(manifests):
        assert any(
            selecting.items() <= each["spec"]["template"]["metadata"]["labels"].items()
            for each in deployments
        )


def _selectors(manifests: list[Manifest]) -> Iterator[dict[str, str]]:
    for service in of_kind(manifests, "Service"):
        yield service["spec"]["selector"]
    for budget in of_kind(manifests, "PodDisruptionBudget"):
        yield budget["spec"]["selector"]["matchLabels"]
    if of_kind(manifests, "Deployment"):
        for policy in of_kind(manifests, "NetworkPolicy"):
            yield policy["spec"]["podSelector"]["matchLabels"]


def test_pods_refer_to_what_there_is(values: dict[str, Any], manifests: list[Manifest]) -> None:
    there = {(each["kind"], each["metadata"]["name"]) for each in manifests}
    there |= {("Secret", name) for name in _existing_secrets(values)}
    there |= {("ConfigMap", "rel-more"), ("ServiceAccount", "mine")}
    for workload in workloads(manifests):
        assert set(_references(pod_of(workload))) <= there


def _existing_secrets(values: dict[str, Any]) -> Iterator[str]:
    secret = values.get("secret", {})
    if secret.get("create") is False:
        yield from [secret["name"]] if isinstance(secret["name"], str) else secret["name"]
    certificate = values.get("selfSignedCertificate", {}).get("secret", {})
    if certificate.get("useExistingSecret"):
        yield certificate["name"]


def _references(pod: Manifest) -> Iterator[tuple[str, str]]:
    yield "ServiceAccount", pod["serviceAccountName"]
    for source in pod["containers"][0]["envFrom"]:
        if "configMapRef" in source:
            yield "ConfigMap", source["configMapRef"]["name"]
        else:
            yield "Secret", source["secretRef"]["name"]
    for volume in pod["volumes"]:
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"]["name"]
        elif "secret" in volume:
            yield "Secret", volume["secret"]["secretName"]


def test_a_job_is_one_resync(manifests: list[Manifest]) -> None:
    jobs = [*of_kind(manifests, "CronJob"), *of_kind(manifests, "Job")]
    for job in jobs:
        spec = job["spec"]["jobTemplate"]["spec"] if job["kind"] == "CronJob" else job["spec"]
        assert spec["backoffLimit"] == 0
        assert pod_of(job)["restartPolicy"] == "Never"
        assert not {"ports", "livenessProbe"} & pod_of(job)["containers"][0].keys()
    if of_kind(manifests, "Deployment"):
        # Whose environment jobs share, with some variables of their own.
        return
    for config in of_kind(manifests, "ConfigMap"):
        if jobs and "port-app-config.yml" not in config["data"]:
            assert config["data"]["OCEAN__EVENT_LISTENER__TYPE"] == "ONCE"
            assert "OCEAN__SCHEDULED_RESYNC_INTERVAL" not in config["data"]


def test_a_cronjob_runs_at_once_unless_told_otherwise() -> None:
    assert the(render(with_values(CRONJOB)), "Job")["metadata"]["name"] == "rel-ocean-custom-r1"
    never = {"workload": {"cron": {"resyncOnInstall": False}}}
    assert of_kind(render(with_values(CRONJOB, never)), "Job") == []
    suspended = {"workload": {"cron": {"suspend": True}}}
    assert of_kind(render(with_values(CRONJOB, suspended)), "Job") == []


def test_the_time_of_a_job_is_limited() -> None:
    limited = with_values(CRONJOB, {"workload": {"cron": {"resyncTimeoutMinutes": 50}}})
    spec = the(render(limited), "CronJob")["spec"]
    assert spec["schedule"] == CRONJOB["scheduledResyncInterval"]
    assert spec["concurrencyPolicy"] == "Forbid"
    assert spec["jobTemplate"]["spec"]["activeDeadlineSeconds"] == 3000


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"pathPrefix": "/ocean/"}, id="pathPrefix"),
        pytest.param({"integration": {"extraConfig": {"pathPrefix": "ocean"}}}, id="extraConfig"),
        pytest.param(
            {"extraEnv": [{"name": "OCEAN__PATH_PREFIX", "value": "/ocean"}]}, id="extraEnv"
        ),
    ],
)
def test_probes_and_metrics_follow_the_path_prefix(given: dict[str, Any]) -> None:
    manifests = render(with_values(given, {"serviceMonitor": {"enabled": True}}))
    (container,) = pod_of(the(manifests, "Deployment"))["containers"]
    paths = {name: container[f"{name}Probe"]["httpGet"]["path"] for name in PROBES}
    assert paths == {name: f"/ocean/health/{ending}" for name, ending in PROBES.items()}
    (endpoint,) = the(manifests, "ServiceMonitor")["spec"]["endpoints"]
    assert endpoint["path"] == "/ocean/metrics"


PROBES = {"startup": "live", "liveness": "live", "readiness": "ready"}


def test_probes_can_be_left_out() -> None:
    none = {"livenessProbe": {"enabled": False}, "readinessProbe": {"enabled": False}}
    (container,) = pod_of(the(render(with_values(none)), "Deployment"))["containers"]
    assert not any(name.endswith("Probe") for name in container)


@pytest.mark.parametrize(
    "given, image",
    [
        ({}, "port-ocean-custom:0.1.0"),
        ({"imageRegistry": "r.example.com/a"}, "r.example.com/a/port-ocean-custom:0.1.0"),
        ({"integration": {"version": "1.2.3"}}, "port-ocean-custom:1.2.3"),
        (
            {"imageRegistry": "r.example.com:5000", "image": "a/ocean:7"},
            "r.example.com:5000/a/ocean:7",
        ),
        (
            {"image": "r.example.com:5000/ocean", "integration": {"version": "2"}},
            "r.example.com:5000/ocean:2",
        ),
        ({"image": f"ocean@sha256:{'0' * 64}"}, f"ocean@sha256:{'0' * 64}"),
    ],
)
def test_the_image(given: dict[str, Any], image: str) -> None:
    (container,) = pod_of(the(render(with_values(given)), "Deployment"))["containers"]
    assert container["image"] == image


def test_extras_reach_the_pod() -> None:
    pod = pod_of(the(render(with_values(EXTRAS)), "Deployment"))
    (container,) = pod["containers"]
    assert container["env"] == [{"name": "HTTPS_PROXY", "value": "http://rel:3128"}]
    assert container["image"] == "registry.example.com/team/port-ocean-custom:0.1.0"
    assert pod["imagePullSecrets"] == [{"name": "registry"}]
    assert pod["priorityClassName"] == "low"
    assert pod["initContainers"][0]["name"] == "wait"
    for name in ("nodeSelector", "tolerations", "affinity"):
        assert pod[name] == EXTRAS[name]
    volumes = {each["name"]: each for each in pod["volumes"]}
    assert volumes["temporary"]["emptyDir"] == {"sizeLimit": "2Gi"}
    assert volumes["more"]["configMap"] == {"name": "rel-more"}


def test_the_certificate_is_mounted_where_the_image_looks() -> None:
    pod = pod_of(the(render(MATRIX["existing certificate"]), "Deployment"))
    volume = next(each for each in pod["volumes"] if each["name"] == "certificate")
    assert volume["secret"] == {
        "secretName": "ca",
        "items": [{"key": "ca.crt", "path": "cert.crt"}],
    }
    mount = next(m for m in pod["containers"][0]["volumeMounts"] if m["name"] == "certificate")
    assert mount["mountPath"] == "/usr/local/share/ca-certificates/cert.crt"


def test_a_change_of_the_environment_starts_the_pod_anew() -> None:
    def checksums(**changes: Any) -> dict[str, str]:
        deployment = the(render(with_values({"integration": changes})), "Deployment")
        annotations: dict[str, str] = deployment["spec"]["template"]["metadata"]["annotations"]
        return annotations

    before = checksums()
    assert checksums() == before
    assert checksums(config={"pageSize": 7})["checksum/config"] != before["checksum/config"]
    assert checksums(secrets={"apiToken": "x"})["checksum/secret"] != before["checksum/secret"]


@pytest.mark.parametrize(
    "given, ports",
    [
        ({}, [443]),
        ({"integration": {"config": {"baseUrl": "http://api:8080/x"}}}, [443, 8080]),
        ({"integration": {"config": {"baseUrl": "http://api/v2:1"}}}, [443, 80]),
        ({"port": {"baseUrl": "https://port.example.com:8443"}}, [443, 8443]),
        ({"networkPolicy": {"egressPorts": [3128]}}, [443, 3128]),
    ],
)
def test_the_network_policy_lets_out_what_is_needed(
    given: dict[str, Any], ports: list[int]
) -> None:
    policy = the(render(with_values({"networkPolicy": {"enabled": True}}, given)), "NetworkPolicy")
    names, hosts = policy["spec"]["egress"]
    assert {(each["protocol"], each["port"]) for each in names["ports"]} == {
        ("UDP", 53),
        ("TCP", 53),
    }
    assert [each["port"] for each in hosts["ports"]] == ports
    assert policy["spec"]["ingress"] == []


def test_each_shard_has_its_budget() -> None:
    manifests = render(with_values(SHARDS, {"podDisruptionBudget": {"enabled": True}}))
    components = {
        each["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"]
        for each in of_kind(manifests, "PodDisruptionBudget")
    }
    assert components == {"people", "services"}


@pytest.mark.parametrize("name", ["rel", "a" * 53])
def test_incremental_runs_are_a_workload_beside_the_other(name: str) -> None:
    manifests = render(with_values(INCREMENTAL, SHARDS), name=name)
    deployments, jobs = of_kind(manifests, "Deployment"), of_kind(manifests, "CronJob")
    assert len(deployments) == len(jobs) == 2
    for deployment, job in zip(deployments, jobs, strict=True):
        assert job["spec"]["schedule"] == "5 * * * *"
        assert len(job["metadata"]["name"]) <= LONGEST_NAMES["CronJob"]
        (full,), (incremental,) = pod_of(deployment)["containers"], pod_of(job)["containers"]
        # The same settings, of which these take the place of some.
        assert incremental["envFrom"] == full["envFrom"]
        assert {each["name"]: each["value"] for each in incremental["env"]} == {
            "OCEAN__INTEGRATION__INCREMENTAL_SYNC_ENABLED": "true",
            "OCEAN__EVENT_LISTENER__TYPE": "ONCE",
            "OCEAN__INITIALIZE_PORT_RESOURCES": "false",
        }
        assert "env" not in full
        # A Service or a disruption budget of the one must not find the pods of the other.
        wanted = deployment["spec"]["selector"]["matchLabels"]
        labels = job["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"]
        assert not wanted.items() <= labels.items()
    assert len({job["metadata"]["name"] for job in jobs}) == 2


def test_without_incremental_runs_there_is_no_such_workload() -> None:
    assert not of_kind(render(with_values()), "CronJob")


@pytest.mark.parametrize("prefix", ["", "/ocean"])
def test_live_events_come_in_and_nothing_else(prefix: str) -> None:
    manifests = render(with_values(LIVE, {"pathPrefix": prefix}))
    ingress = the(manifests, "Ingress")["spec"]
    assert ingress["ingressClassName"] == "nginx"
    assert ingress["tls"] == [{"hosts": ["hooks.example.com"], "secretName": "hooks-certificate"}]
    assert [rule["host"] for rule in ingress["rules"]] == ["hooks.example.com"]
    (path,) = ingress["rules"][0]["http"]["paths"]
    assert path["path"] == f"{prefix}/integration"
    service = the(manifests, "Service")
    assert path["backend"]["service"]["name"] == service["metadata"]["name"]
    assert [port["name"] for port in service["spec"]["ports"]] == ["http"]
    data = the(manifests, "ConfigMap")["data"]
    assert data["OCEAN__BASE_URL"] == "https://hooks.example.com:8443"


def test_without_an_address_there_is_no_way_in() -> None:
    manifests = render(with_values())
    assert not of_kind(manifests, "Ingress") + of_kind(manifests, "Service")
    assert "OCEAN__BASE_URL" not in the(manifests, "ConfigMap")["data"]
