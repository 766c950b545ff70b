"""Values that the chart is rendered with: each feature once, on its own or with what it touches."""

from typing import Any

import yaml

from tests.whole.helm.charts import EXAMPLES, Values, with_values

CRONJOB = {"workload": {"kind": "CronJob"}, "scheduledResyncInterval": "15 */2 * * 1-5"}
INCREMENTAL = {"incrementalSync": {"enabled": True, "schedule": "5 * * * *"}}
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def resource(kind: str) -> dict[str, Any]:
    mappings = {"identifier": ".id", "blueprint": f'"{kind.strip("/")}"'}
    return {
        "kind": kind,
        "selector": {"query": ".a < 3 and .b > 1 & true", "body": {"size": 1000000}},
        "port": {"entity": {"mappings": mappings}},
    }


MAPPING = {
    "createMissingRelatedEntities": True,
    "resources": [resource(kind) for kind in ("/teams", "/users", "/teams", "/services")],
}
SHARDS = {
    "integration": {
        "mapping": MAPPING,
        "shards": [
            {"name": "people", "kinds": ["/users", "/teams"]},
            {"name": "services", "kinds": ["/services"]},
        ],
    }
}
EXTRAS: Values = {
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "networkPolicy": {
        "enabled": True,
        "ingressFrom": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}],
        "egressPorts": [3128],
        "extraEgress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}],
    },
    "podDisruptionBudget": {"enabled": True},
    "service": {"enabled": True, "annotations": {"a": "b"}},
    "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/x"}},
    "pathPrefix": "/ocean/",
    "scheduledResyncInterval": 60,
    "clientTimeout": 90,
    "imageRegistry": "registry.example.com/team/",
    "imagePullSecrets": [{"name": "registry"}],
    "priorityClassName": "low",
    "podAnnotations": {"team": "platform"},
    "extraLabels": {"cost-center": "42"},
    "nodeSelector": {"kubernetes.io/arch": "amd64"},
    "tolerations": [{"key": "spot", "operator": "Exists", "effect": "NoSchedule"}],
    "affinity": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Exists"}]}]
            }
        }
    },
    "temporaryVolume": {"sizeLimit": "2Gi"},
    "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://{{ .Release.Name }}:3128"}],
    "extraVolumes": [{"name": "more", "configMap": {"name": "{{ .Release.Name }}-more"}}],
    "extraVolumeMounts": [{"name": "more", "mountPath": "/more"}],
    "extraInitContainers": [{"name": "wait", "image": "busybox:1", "command": ["true"]}],
    "integration": {
        "mapping": MAPPING,
        "blueprints": [{"identifier": "team", "schema": {"properties": {}}}],
        "extraConfig": {"maxEventProcessingSeconds": 120, "streaming": {"enabled": True}},
        "eventListener": {"type": "POLLING", "resyncOnStart": False},
    },
    "selfSignedCertificate": {"enabled": True, "certificate": PEM},
}
LIVE: Values = {
    "liveEvents": {"baseUrl": "https://hooks.example.com:8443"},
    "ingress": {
        "enabled": True,
        "className": "nginx",
        "tlsSecret": "hooks-certificate",
        "annotations": {"a": "b"},
    },
}
OWN_EXAMPLES = ("existing-secret", "cronjob", "shards")

MATRIX: dict[str, Values] = {
    "minimal": with_values(),
    "extras": with_values(EXTRAS),
    "cronjob": with_values(CRONJOB),
    "cronjob with extras": with_values(EXTRAS, CRONJOB),
    "suspended cronjob": with_values(CRONJOB, {"workload": {"cron": {"suspend": True}}}),
    "shards": with_values(SHARDS),
    "shards with extras": with_values({**EXTRAS, "integration": {}}, SHARDS),
    "sharded cronjob": with_values(SHARDS, CRONJOB),
    "incremental runs": with_values(
        EXTRAS, INCREMENTAL, {"extraEnv": [{"name": "A", "value": "b"}]}
    ),
    "incremental runs of shards": with_values(SHARDS, CRONJOB, INCREMENTAL),
    "two secrets": with_values(
        {"secret": {"create": False, "name": ["a", "b"]}, "port": {"clientId": ""}}
    ),
    "named secret": with_values({"secret": {"name": "own"}}),
    "existing certificate": with_values(
        {
            "selfSignedCertificate": {
                "enabled": True,
                "secret": {"name": "ca", "key": "ca.crt", "useExistingSecret": True},
            }
        }
    ),
    "live events": with_values(LIVE),
    "live events with extras": with_values(EXTRAS, LIVE),
    "openshift": with_values({"podSecurityContext": {"runAsUser": None, "runAsGroup": None}}),
    "service account of Port's chart": with_values({"podServiceAccount": {"name": "mine"}}),
    "long names": with_values({"fullnameOverride": "x" * 80}, SHARDS, CRONJOB),
    **{
        f"example {name}": yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text("utf-8"))
        for name in OWN_EXAMPLES
    },
}
