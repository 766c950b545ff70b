"""`authType: jwt`: tokens that an API can verify, and keys that cannot sign."""

import base64
import json
import time
from pathlib import Path
from typing import Any, get_args

import httpx
import jwt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api_messages import ApiRequest
from auth.json_web_token import JwtAuth
from auth.strategy import Clock
from errors import SettingsError
from redaction import MASK, Redactor
from settings.connection import ConnectionSettings
from settings.signing_key import SigningAlgorithm
from tests.rooms import ClientFactory
from tests.support.clock import SetClock
from tests.support.fake_api import FakeApi, Received, Reply
from tests.support.signing_keys import SECRET, pem_of, verifying
from transport.exchange import Exchange

# On secp112r1, which cryptography does not know.
UNKNOWN_CURVE = """-----BEGIN EC PRIVATE KEY-----
MD4CAQEEDrLqbIdTl4TYT3knqyuKoAcGBSuBBAAGoSADHgAEXZp8nhqd8UYd9kiE
ge3LsyOogu4GU1drpP78sA==
-----END EC PRIVATE KEY-----
"""

ALGORITHMS: tuple[SigningAlgorithm, ...] = get_args(SigningAlgorithm)


def _settings(**more: Any) -> dict[str, Any]:
    return {"auth_type": "jwt", "signing_algorithm": "HS256", "signing_key": SECRET, **more}


def _problem(**config: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        ConnectionSettings.parse({"base_url": "https://h.test", "auth_type": "jwt", **config})
    (problem,) = caught.value.problems
    return problem


async def _send(api: FakeApi, client: Any) -> Received:
    await client.send(ApiRequest("GET", httpx.URL(f"{api.url}/x")))
    return api.received[-1]


def _token(request: Received) -> str:
    scheme, _, token = request.headers["authorization"].partition(" ")
    assert scheme == "Bearer"
    return token


@pytest.mark.contract("auth.jwt.token")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_an_api_can_verify_the_token(
    api: FakeApi, connect: ClientFactory, algorithm: SigningAlgorithm
) -> None:
    client = connect(
        auth_type="jwt",
        signing_algorithm=algorithm,
        signing_key=pem_of(algorithm),
        token_claims=json.dumps({"iss": "issuer-1", "aud": "catalog", "nbf": None, "n": [1]}),
        token_headers={"kid": "key-1"},
        token_lifetime="600",
    )
    token = _token(await _send(api, client))
    claims = jwt.decode(token, verifying(algorithm), [algorithm], audience="catalog")
    assert jwt.get_unverified_header(token) == {"typ": "JWT", "alg": algorithm, "kid": "key-1"}
    assert claims.keys() == {"iss", "aud", "iat", "exp", "jti", "n"}
    assert claims["exp"] - claims["iat"] == 600
    # Dated back, so that a clock that is a little behind takes it.
    assert 0 <= time.time() - claims["iat"] - 30 < 5


@pytest.mark.contract("auth.jwt.key")
@pytest.mark.parametrize(
    "given_key, secret",
    [
        ("hex:00ff10", b"\x00\xff\x10"),
        ("base64:AP8Q", b"\x00\xff\x10"),
        ("short", b"short"),
        ("ends with a line break\n", b"ends with a line break"),
    ],
)
async def test_a_shared_secret_may_be_bytes_of_any_length(
    api: FakeApi, connect: ClientFactory, given_key: str, secret: bytes
) -> None:
    token = _token(await _send(api, connect(**_settings(signing_key=given_key))))
    signing_input, _, signature = token.rpartition(".")
    hmac = jwt.get_algorithm_by_name("HS256")
    raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    assert hmac.verify(signing_input.encode(), secret, raw)


@pytest.mark.contract("auth.jwt.key")
async def test_line_breaks_of_a_key_may_be_escaped(api: FakeApi, connect: ClientFactory) -> None:
    one_line = pem_of("ES256").strip().replace("\n", "\\n")
    client = connect(**_settings(signing_algorithm="ES256", signing_key=one_line))
    assert jwt.decode(_token(await _send(api, client)), verifying("ES256"), ["ES256"])


@pytest.mark.contract("auth.jwt.key")
async def test_the_key_may_be_in_a_file(
    api: FakeApi, connect: ClientFactory, tmp_path: Path
) -> None:
    file = tmp_path / "key.pem"
    file.write_text(pem_of("RS256"))
    client = connect(auth_type="jwt", signing_key_file=str(file))
    assert jwt.decode(_token(await _send(api, client)), verifying("RS256"), ["RS256"])
    assert client.redactor.text(pem_of("RS256").strip()) == MASK
    problem = _problem(signing_key_file=str(tmp_path / "absent.pem"))
    assert problem.startswith("signingKeyFile: cannot be read: No such file")


@pytest.mark.contract("auth.jwt.key", "start.bad-settings")
@pytest.mark.parametrize(
    "algorithm, key, said",
    [
        ("RS256", SECRET, "is no RSA private key in PEM"),
        ("RS256", pem_of("ES256"), "is no RSA private key in PEM"),
        ("RS256", verifying("RS256"), "is no RSA private key in PEM"),
        ("RS256", pem_of("RS256", b"passphrase"), "without a passphrase"),
        ("PS512", pem_of("EdDSA"), "is no RSA private key"),
        ("ES256", pem_of("ES384"), "is no private key on the curve P-256"),
        ("ES512", "-----BEGIN PRIVATE KEY-----\nMC4C\n", "P-521"),
        ("ES256", UNKNOWN_CURVE, "is no private key on the curve P-256"),
        ("EdDSA", pem_of("RS256"), "Ed25519"),
        ("HS256", pem_of("RS256"), "is no shared secret"),
        ("HS256", "hex:0g", "hex:"),
        ("HS256", "base64:%", "base64:"),
    ],
)
def test_a_key_that_does_not_fit_is_refused_at_start(
    algorithm: SigningAlgorithm, key: str, said: str
) -> None:
    problem = _problem(signing_algorithm=algorithm, signing_key=key)
    assert problem.startswith("signingKey: ")
    assert said in problem
    assert key not in problem


@pytest.mark.contract("start.one-message")
@pytest.mark.parametrize(
    "config, name",
    [
        ({"signing_algorithm": "HS999"}, "signingAlgorithm: must be one of"),
        ({"token_claims": "{"}, "tokenClaims: is not valid JSON"),
        ({"token_claims": {"iss": 7}}, "tokenClaims: has an iss that is no text"),
        ({"token_headers": "[]"}, "tokenHeaders: "),
        ({"token_lifetime": "0"}, "tokenLifetime: "),
        ({"token_per_request": "maybe"}, "tokenPerRequest: "),
    ],
)
def test_settings_that_cannot_be(config: dict[str, Any], name: str) -> None:
    assert _problem(signing_key=SECRET, **{"signing_algorithm": "HS256", **config}).startswith(name)


def _auth(clock: Clock, lifetime: int) -> JwtAuth:
    config = {"base_url": "https://h.test", "token_lifetime": lifetime, **_settings()}
    return JwtAuth(ConnectionSettings.parse(config), Redactor(), clock)


def _attempt(auth: JwtAuth) -> dict[str, Any]:
    request = next(auth.auth_flow(httpx.Request("GET", "https://h.test/x")))
    sign = Exchange.of(request).sign
    assert sign
    signed = sign(request)
    token = signed.headers["authorization"].removeprefix("Bearer ")
    claims: dict[str, Any] = jwt.decode(
        token,
        SECRET,
        ["HS256"],
        options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
    )
    return claims


@pytest.mark.contract("auth.jwt.lifetime")
@given(lifetime=st.integers(1, 5000), steps=st.lists(st.floats(-50, 900), max_size=20))
@example(lifetime=1, steps=[1.5, 0.5])
def test_no_attempt_carries_a_token_that_has_expired(lifetime: int, steps: list[float]) -> None:
    clock = SetClock(2e9)
    auth = _auth(clock, lifetime)
    for step in [0.0, *steps]:
        clock.moment += step
        claims = _attempt(auth)
        assert claims["iat"] <= clock.moment < claims["exp"]


@pytest.mark.contract("auth.jwt.lifetime")
def test_a_token_is_shared_until_shortly_before_it_expires() -> None:
    clock = SetClock(2e9)
    auth = _auth(clock, 600)
    first = _attempt(auth)["jti"]
    clock.moment += 600 - 30 - 60 - 1
    assert _attempt(auth)["jti"] == first
    clock.moment += 2
    assert _attempt(auth)["jti"] != first


@pytest.mark.contract("auth.jwt.lifetime")
async def test_each_attempt_may_have_a_token_of_its_own(
    api: FakeApi, connect: ClientFactory
) -> None:
    api.script(Reply(503), Reply())
    client = connect(**_settings(token_per_request="true"))
    await _send(api, client)
    await _send(api, client)
    assert len({_token(request) for request in api.received}) == 3


@pytest.mark.contract("secrets.errors", "secrets.log-settings")
@pytest.mark.parametrize("per_request", [True, False])
async def test_tokens_and_keys_are_never_shown(
    api: FakeApi, connect: ClientFactory, logs: list[str], per_request: bool
) -> None:
    def refuse(request: Received) -> Reply:
        return Reply(401, body={"detail": f"bad {request.headers['authorization']} {SECRET}"})

    api.answer = refuse
    client = connect(**_settings(token_per_request=per_request))
    with pytest.raises(Exception, match="401") as caught:
        await _send(api, client)
    said = "\n".join([*logs, str(caught.value), repr(caught.value)])
    assert len(api.received) == 1
    assert _token(api.received[0]) not in said
    assert SECRET not in said
    assert SECRET not in repr(ConnectionSettings.parse({"base_url": api.url, **_settings()}))
