"""AWS Signature Version 4, by AWS's published test suite and by what reaches the API."""

from datetime import UTC, datetime, timedelta
from urllib.parse import unquote, urlencode

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from api_messages import ApiRequest
from auth.aws_signature import SigV4Auth, unambiguous
from auth.strategy import Clock
from redaction import Redactor
from settings.connection import ConnectionSettings
from settings.credentials import AwsSettings
from tests.rooms import ClientFactory
from tests.support.fake_api import FakeApi, Reply


def _auth(access_key_id: str, secret: str, region: str, service: str) -> SigV4Auth:
    settings = AwsSettings(
        access_key_id=access_key_id,
        secret_access_key=SecretStr(secret),
        signing_region=region,
        signing_service=service,
    )
    return SigV4Auth(settings, Redactor())


KEY_PAIR = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
KEY = _auth(*KEY_PAIR, "us-east-1", "service")
MOMENT = "20150830T123600Z"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
FORM = "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"
LETTERS = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
TOKEN = (
    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeo"
    "IYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5V"
    "SXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yj"
    "c8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
)

# Name, method, target, headers beside Host and X-Amz-Date, hash of the body, signature.
SUITE: list[tuple[str, str, str, list[tuple[str, str]], str, str]] = [
    (
        "get-header-key-duplicate",
        "GET",
        "/",
        [("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")],
        EMPTY,
        "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
    ),
    (
        "get-header-value-order",
        "GET",
        "/",
        [("My-Header1", value) for value in ("value4", "value1", "value3", "value2")],
        EMPTY,
        "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
    ),
    (
        "get-header-value-trim",
        "GET",
        "/",
        [("My-Header1", " value1"), ("My-Header2", ' "a   b   c"')],
        EMPTY,
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    ),
    (
        "get-unreserved",
        "GET",
        f"/{LETTERS}",
        [],
        EMPTY,
        "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
    ),
    (
        "get-vanilla",
        "GET",
        "/",
        [],
        EMPTY,
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    ),
    (
        "get-vanilla-empty-query-key",
        "GET",
        "/?Param1=value1",
        [],
        EMPTY,
        "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
    ),
    (
        "get-vanilla-query-order-key",
        "GET",
        "/?Param1=value2&Param1=Value1",
        [],
        EMPTY,
        "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1",
    ),
    (
        "get-vanilla-query-order-key-case",
        "GET",
        "/?Param2=value2&Param1=value1",
        [],
        EMPTY,
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ),
    (
        "get-vanilla-query-order-value",
        "GET",
        "/?Param1=value2&Param1=value1",
        [],
        EMPTY,
        "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694",
    ),
    (
        "get-vanilla-query-order-encoded",
        "GET",
        "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
        [],
        EMPTY,
        "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
    ),
    (
        "get-vanilla-query-unreserved",
        "GET",
        f"/?{LETTERS}={LETTERS}",
        [],
        EMPTY,
        "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
    ),
    (
        "get-vanilla-utf8-query",
        "GET",
        "/?\u1234=bar",
        [],
        EMPTY,
        "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
    ),
    (
        "get-vanilla-with-session-token",
        "GET",
        "/",
        [
            (
                "X-Amz-Security-Token",
                "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267",
            )
        ],
        EMPTY,
        "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
    ),
    (
        "post-header-key-sort",
        "POST",
        "/",
        [("My-Header1", "value1")],
        EMPTY,
        "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
    ),
    (
        "post-header-value-case",
        "POST",
        "/",
        [("My-Header1", "VALUE1")],
        EMPTY,
        "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
    ),
    (
        "post-vanilla",
        "POST",
        "/",
        [],
        EMPTY,
        "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    ),
    (
        "post-vanilla-query",
        "POST",
        "/?Param1=value1",
        [],
        EMPTY,
        "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
    ),
    (
        "post-x-www-form-urlencoded",
        "POST",
        "/",
        [("Content-Type", "application/x-www-form-urlencoded")],
        FORM,
        "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
    ),
    (
        "post-sts-header-before",
        "POST",
        "/",
        [("X-Amz-Security-Token", TOKEN)],
        EMPTY,
        "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
    ),
    *(
        (
            name,
            "GET",
            path,
            [],
            EMPTY,
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        )
        for name, path in (
            ("get-relative", "/example/.."),
            ("get-relative-relative", "/example1/example2/../.."),
            ("get-slash", "//"),
            ("get-slash-dot-slash", "/./"),
        )
    ),
    (
        "get-slash-pointless-dot",
        "GET",
        "/./example",
        [],
        EMPTY,
        "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5",
    ),
    (
        "get-slashes",
        "GET",
        "//example//",
        [],
        EMPTY,
        "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
    ),
    (
        "get-space",
        "GET",
        "/example space/",
        [],
        EMPTY,
        "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741",
    ),
]


@pytest.mark.contract("auth.aws.signature")
@pytest.mark.parametrize(
    "method, target, headers, digest, signature",
    [pytest.param(*case, id=name) for name, *case in SUITE],
)
def test_the_published_suite(
    method: str, target: str, headers: list[tuple[str, str]], digest: str, signature: str
) -> None:
    path, _, query = target.partition("?")
    signed = [("Host", "example.amazonaws.com"), ("X-Amz-Date", MOMENT), *headers]
    names = ";".join(sorted({name.lower() for name, _ in signed}))
    assert KEY.authorization(method, path, query, signed, digest, MOMENT) == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders={names}, Signature={signature}"
    )


@pytest.mark.contract("auth.aws.signature")
def test_the_published_example_of_s3() -> None:
    digest = EMPTY
    key = _auth(
        "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1", "s3"
    )
    headers = [
        ("Host", "examplebucket.s3.amazonaws.com"),
        ("Range", "bytes=0-9"),
        ("x-amz-content-sha256", digest),
        ("x-amz-date", "20130524T000000Z"),
    ]
    header = key.authorization("GET", "/test.txt", "", headers, digest, "20130524T000000Z")
    assert header.endswith(
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


def test_s3_keeps_the_slashes_of_its_object_names() -> None:
    paths = ("/bucket//a", "/bucket/a")
    signatures = {
        service: {
            _auth("id", "secret", "eu-west-1", service).authorization(
                "GET", path, "", [("Host", "h")], EMPTY, MOMENT
            )
            for path in paths
        }
        for service in ("s3", "execute-api")
    }
    assert [len(found) for found in signatures.values()] == [2, 1]


_SEGMENTS = st.text(
    st.characters(codec="utf-8", exclude_characters="/?#", exclude_categories=("Cs", "Cc")),
    max_size=6,
)


@given(segments=st.lists(_SEGMENTS, max_size=3), pairs=st.lists(st.tuples(_SEGMENTS, _SEGMENTS)))
def test_an_address_keeps_its_meaning(segments: list[str], pairs: list[tuple[str, str]]) -> None:
    raw = "/".join(["https://h.test", *segments])
    url = httpx.URL(raw).copy_with(query=urlencode(pairs).encode()) if pairs else httpx.URL(raw)
    sent = unambiguous(url)
    assert unquote(sent.raw_path.decode().partition("?")[0]) == unquote(
        url.raw_path.decode().partition("?")[0]
    )
    assert sent.params.multi_items() == url.params.multi_items()
    assert unambiguous(sent) == sent


@pytest.mark.parametrize(
    "target, sent",
    [
        ("/a%2Fb/c:d", "/a%2Fb/c%3Ad"),
        ("/x?q=a+b&r=c%20d&e=", "/x?q=a%20b&r=c%20d&e="),
        ("/x?when=10:00,11:00", "/x?when=10%3A00%2C11%3A00"),
    ],
)
def test_addresses_are_encoded_as_aws_does(target: str, sent: str) -> None:
    assert unambiguous(httpx.URL(f"https://h.test{target}")).raw_path == sent.encode()


def _settings(**more: str) -> dict[str, str]:
    return {
        "auth_type": "aws_sigv4",
        "access_key_id": KEY_PAIR[0],
        "secret_access_key": KEY_PAIR[1],
        "signing_region": "us-east-1",
        **more,
    }


@pytest.mark.contract("auth.aws.signature", "auth.aws.retry")
async def test_what_is_sent_is_what_was_signed(api: FakeApi, connect: ClientFactory) -> None:
    client = connect(**_settings(session_token="t0ken-of-session"))
    url = httpx.URL(f"{api.url}/stage/a:b?q=x+y&q=%C3%BC")
    await client.send(ApiRequest("POST", url, {"X-Amz-Target": "List"}, {"limit": 5}))
    (sent,) = api.received
    assert sent.target == "/stage/a%3Ab?q=x%20y&q=%C3%BC"
    assert sent.headers["x-amz-security-token"] == "t0ken-of-session"
    names = "content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token;x-amz-target"
    signed = [(name, sent.headers[name]) for name in names.split(";")]
    path, _, query = sent.target.partition("?")
    key = _auth(*KEY_PAIR, "us-east-1", "execute-api")
    digest, moment = sent.headers["x-amz-content-sha256"], sent.headers["x-amz-date"]
    expected = key.authorization("POST", path, query, signed, digest, moment)
    assert sent.headers["authorization"] == expected


@pytest.mark.contract("auth.aws.retry")
async def test_each_attempt_is_signed_anew(
    api: FakeApi, connect: ClientFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter(datetime(2026, 1, 2, tzinfo=UTC) + timedelta(minutes=8 * n) for n in range(9))
    monkeypatch.setattr(Clock, "now", lambda _: next(moments).timestamp())
    api.script(Reply(503), Reply(raw=b""), Reply())
    client = connect(**_settings())
    await client.send(ApiRequest("GET", httpx.URL(f"{api.url}/x")))
    dates = [request.headers["x-amz-date"] for request in api.received]
    assert dates == ["20260102T000000Z", "20260102T000800Z", "20260102T001600Z"]
    assert len({request.headers["authorization"] for request in api.received}) == 3


@pytest.mark.contract("origin.allowed", "secrets.errors")
async def test_another_host_gets_no_signature(
    api: FakeApi, other_api: FakeApi, connect: ClientFactory
) -> None:
    client = connect(**_settings(), allowed_hosts="127.0.0.1")
    await client.send(ApiRequest("GET", httpx.URL(f"{other_api.url}/x")))
    (sent,) = other_api.received
    assert not [name for name in sent.headers if "amz" in name or name == "authorization"]
    settings = ConnectionSettings.parse({"base_url": api.url, **_settings()})
    assert KEY_PAIR[1] not in repr(settings)
