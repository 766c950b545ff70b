"""Namespaces of a Kubernetes cluster: a private CA, and a client certificate in place of a token.

https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates
https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
"""

import json
from pathlib import Path

import httpx
import pytest

from tests.support.authority import Authority
from tests.support.tls_server import serving
from tests.whole.process.sailing import Harbour, resource

pytestmark = pytest.mark.process

NAMESPACES = [f"team-{number:02}" for number in range(23)]


def _chunk(target: str) -> bytes:
    url = httpx.URL(f"https://cluster{target}")
    assert url.path == "/api/v1/namespaces"
    first, size = int(url.params.get("continue", "0")), int(url.params["limit"])
    last = first + size
    metadata = {"continue": str(last)} if last < len(NAMESPACES) else {}
    items = [
        {"metadata": {"name": name, "uid": name}, "version": 1} for name in NAMESPACES[first:last]
    ]
    return json.dumps({"kind": "NamespaceList", "metadata": metadata, "items": items}).encode()


def test_namespaces(harbour: Harbour, tmp_path: Path) -> None:
    cluster, other_authority = Authority("kubernetes"), Authority("somebody")
    reader = cluster.issue("catalog-reader")
    listed = resource(
        "/api/v1/namespaces", "namespace", data_path=".items", identifier=".metadata.name"
    )
    harbour.install([listed])
    authority = tmp_path / "ca.crt"
    authority.write_text(cluster.pem)
    with serving(cluster.server(tmp_path, asks=True), _chunk) as (url, shown):
        settings = {
            "baseUrl": url,
            "caCertificate": str(authority),
            "clientCertificate": reader.certificate,
            "clientKey": reader.key.replace("\n", "\\n"),
            "paginationType": "cursor",
            "pageSize": "10",
            "paginationParam": "continue",
            "cursorPath": "metadata.continue",
        }
        outcome = harbour.sail(settings)
        assert outcome.code == 0, outcome.errors()
        assert set(harbour.catalog("namespace")) == set(NAMESPACES)
        assert len(shown) >= 1
        other = other_authority.issue("catalog-reader")
        shows = {"clientCertificate": other.certificate, "clientKey": other.key}
        refused = harbour.sail(settings | shows)
    assert refused.code not in (0, None)
    assert "the server refuses who asks" in refused.log
    assert "clientCertificate" in refused.log
    # Nothing is lost, and nothing of the keys is said.
    assert set(harbour.catalog("namespace")) == set(NAMESPACES)
    for key in (reader.key, other.key):
        assert not any(line in outcome.log + refused.log for line in key.splitlines()[1:-1])
