"""Signatures of live events, by the examples that the services publish."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_events.authentication import BasicAuthenticator, HmacAuthenticator, TokenAuthenticator
from settings.webhook_signatures import PRESETS, SignatureScheme, Target

# https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
GITHUB_SECRET = "It's a Secret to Everybody"
GITHUB_BODY = b"Hello, World!"
GITHUB = {
    "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
}
# https://docs.slack.dev/authentication/verifying-requests-from-slack
SLACK_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
SLACK_TIME = 1531420618
SLACK_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
    b"&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
    b"&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands"
    b"%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SLACK = {
    "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
    "x-slack-request-timestamp": str(SLACK_TIME),
}
STRIPE_SECRET = "whsec_test_secret"
STRIPE_TIME = 1492774577


def hmac_of(preset: str, secret: str) -> HmacAuthenticator:
    return HmacAuthenticator(PRESETS[preset], (secret,))


def stripe(body: bytes, moment: int = STRIPE_TIME, *more: str) -> dict[str, str]:
    """As Stripe's documentation constructs it: t, and v1 of `t.body`; v0 is of no account."""
    message = f"{moment}.".encode() + body
    digest = hmac.new(STRIPE_SECRET.encode(), message, hashlib.sha256).hexdigest()
    return {"stripe-signature": ",".join([f"t={moment}", *more, f"v1={digest}", "v0=6ffbb5"])}


def test_githubs_example() -> None:
    assert hmac_of("github", GITHUB_SECRET).refusal(GITHUB, GITHUB_BODY, 0) is None


def test_slacks_example() -> None:
    assert hmac_of("slack", SLACK_SECRET).refusal(SLACK, SLACK_BODY, SLACK_TIME + 10) is None


@pytest.mark.parametrize("rolled", [[], ["v1=5257a869e7ecebeda32affa62c"]])
def test_stripes_scheme_with_one_or_two_secrets(rolled: list[str]) -> None:
    headers = stripe(b'{"id": "evt_1"}', STRIPE_TIME, *rolled)
    verdict = hmac_of("stripe", STRIPE_SECRET).refusal(headers, b'{"id": "evt_1"}', STRIPE_TIME)
    assert verdict is None


@pytest.mark.parametrize(
    "seconds, accepted", [(-301, False), (-300, True), (300, True), (301, False)]
)
def test_an_old_event_cannot_be_sent_once_more(seconds: int, accepted: bool) -> None:
    for authenticator, headers, body, moment in (
        (hmac_of("slack", SLACK_SECRET), SLACK, SLACK_BODY, SLACK_TIME),
        (hmac_of("stripe", STRIPE_SECRET), stripe(b"{}"), b"{}", STRIPE_TIME),
    ):
        verdict = authenticator.refusal(headers, body, moment + seconds)
        assert verdict == (None if accepted else "its timestamp is more than 300 seconds from now")


@pytest.mark.parametrize(
    "timestamp, said",
    [
        ("", "it has no timestamp in X-Slack-Request-Timestamp"),
        *(
            (each, "the timestamp in X-Slack-Request-Timestamp is none that is understood")
            for each in ("now", "1531420618.0", "-1", "١٥٣١٤٢٠٦١٨", "9" * 40, "2018-07-12T18:36:58")
        ),
    ],
)
def test_a_timestamp_that_is_none_is_refused(timestamp: str, said: str) -> None:
    headers = {**SLACK, "x-slack-request-timestamp": timestamp}
    verdict = hmac_of("slack", SLACK_SECRET).refusal(headers, SLACK_BODY, SLACK_TIME)
    assert verdict
    assert verdict.startswith(said)


def test_a_missing_header_is_named() -> None:
    verdict = hmac_of("github", GITHUB_SECRET).refusal({}, GITHUB_BODY, 0)
    assert verdict == "it has no header X-Hub-Signature-256"


SCHEMES = st.builds(
    SignatureScheme,
    st.just("X-Signature"),
    st.sampled_from(["sha256", "sha1", "sha512"]),
    st.sampled_from(["", "sha256=", "v1="]),
    st.sampled_from(["hex", "base64"]),
    st.sampled_from(["{body}", "{timestamp}.{body}", "v0:{timestamp}:{body}:end"]),
    st.just("X-Time"),
)


@given(SCHEMES, st.binary(max_size=60), st.text(min_size=1, max_size=20), st.data())
def test_what_was_signed_is_accepted_and_anything_else_is_not(
    scheme: SignatureScheme, body: bytes, secret: str, data: st.DataObject
) -> None:
    authenticator = HmacAuthenticator(scheme, ("an old one", secret))
    signature = scheme.sign(body, secret, "1000")
    headers = {"x-signature": f"{scheme.prefix}{signature}", "x-time": "1000"}
    assert authenticator.refusal(headers, body, 1000) is None
    other_body = data.draw(st.binary(max_size=60).filter(lambda other: other != body))
    assert authenticator.refusal(headers, other_body, 1000)
    other_secret = data.draw(st.text(max_size=20).filter(lambda other: other != secret))
    padded = other_secret.rstrip("\0").encode() == secret.rstrip("\0").encode()
    if not padded and other_secret != "an old one":  # HMAC pads keys with zero bytes.
        assert HmacAuthenticator(scheme, (other_secret,)).refusal(headers, body, 1000)
    given_text = data.draw(
        st.text(max_size=140).filter(lambda other: other.lower() != signature.lower())
    )
    forged = {**headers, "x-signature": f"{scheme.prefix}{given_text}"}
    if signature not in given_text:
        assert authenticator.refusal(forged, body, 1000)
    if "{timestamp}" in scheme.signed_payload:
        assert authenticator.refusal({**headers, "x-time": "1001"}, body, 1000)


@given(st.text(min_size=1, max_size=30), st.text(max_size=30))
def test_a_token_is_right_or_wrong(token: str, other: str) -> None:
    authenticator = TokenAuthenticator("X-Gitlab-Token", (token,))
    assert authenticator.refusal({"x-gitlab-token": token}, b"", 0) is None
    assert (authenticator.refusal({"x-gitlab-token": other}, b"", 0) is None) == (other == token)


def test_a_token_may_have_a_prefix() -> None:
    authenticator = TokenAuthenticator("Authorization", ("s3cr3t",), "Bearer ")
    assert authenticator.refusal({"authorization": "Bearer s3cr3t"}, b"", 0) is None
    wrong = "the token in Authorization is wrong"
    assert authenticator.refusal({"authorization": "s3cr3t"}, b"", 0) == wrong
    assert authenticator.refusal({}, b"", 0) == "it has no header Authorization"


@pytest.mark.parametrize(
    "value, accepted",
    [
        ("Basic " + base64.b64encode(b"hook:p\xc3\xa4ss").decode(), True),
        ("basic " + base64.b64encode(b"hook:p\xc3\xa4ss").decode(), True),
        ("Basic " + base64.b64encode(b"hook:other").decode(), False),
        ("Bearer " + base64.b64encode(b"hook:p\xc3\xa4ss").decode(), False),
        ("Basic äöü", False),
        ("", False),
    ],
)
def test_basic_authentication(value: str, accepted: bool) -> None:
    verdict = BasicAuthenticator("hook", ("new", "päss")).refusal({"authorization": value}, b"", 0)
    assert (verdict is None) == accepted


# https://docs.svix.com/receiving/verifying-payloads/how-manual
SVIX_SECRET = "whsec_plJ3nmyCDGBKInavdOK15jsl"
SVIX_BODY = b'{"event_type":"ping","data":{"success":true}}'
SVIX_TIME = 1731705121


@pytest.mark.contract("live.signatures")
@pytest.mark.parametrize("name", ["svix", "standard_webhooks"])
def test_the_example_of_svix(name: str) -> None:
    prefix = "svix" if name == "svix" else "webhook"
    headers = {
        f"{prefix}-id": "msg_loFOjxBNrRLzqYUf",
        f"{prefix}-timestamp": str(SVIX_TIME),
        f"{prefix}-signature": "v1,bm9uZQ== v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0= v2,x",
    }
    authenticator = hmac_of(name, SVIX_SECRET)
    assert authenticator.refusal(headers, SVIX_BODY, SVIX_TIME) is None
    for other in (f"{prefix}-id", f"{prefix}-timestamp"):
        altered = {**headers, other: str(SVIX_TIME + 1)}
        assert authenticator.refusal(altered, SVIX_BODY, SVIX_TIME) is not None
    # That of the libraries' own tests.
    older = PRESETS["svix"].sign(
        b'{"test": 2432232314}',
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "1614265330",
        {"svix-id": "msg_p5jXN8AQM9LWM0D4loKWxJek"},
    )
    assert older == "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def signed(secret: str, message: bytes, algorithm: str = "sha256") -> str:
    """As the documentation of several services describes it: HMAC, in base64."""
    return base64.b64encode(hmac.digest(secret.encode(), message, algorithm)).decode()


@pytest.mark.contract("live.signatures")
def test_hubspot_signs_method_address_body_and_milliseconds() -> None:
    url, body = "https://hooks.test/integration/webhook?a=b%3Ac%20d", b'[{"objectId": 1}]'
    moment = 1_700_000_000
    authenticator = hmac_of("hubspot", "s")
    # It decodes some characters of the address.
    for sent in (url, "https://hooks.test/integration/webhook?a=b:c%20d"):
        message = b"POST" + sent.encode() + body + f"{moment}000".encode()
        headers = {
            "x-hubspot-signature-v3": signed("s", message),
            "x-hubspot-request-timestamp": f"{moment}000",
        }
        assert authenticator.refusal(headers, body, moment + 299, Target("POST", url)) is None
        assert authenticator.refusal(headers, body, moment + 301, Target("POST", url))
        other = Target("POST", url.replace("hooks", "evil"))
        assert authenticator.refusal(headers, body, moment, other)


@pytest.mark.contract("live.signatures")
def test_zendesk_and_twitch_sign_a_time_in_iso_8601() -> None:
    told, body = "2021-03-25T05:09:27Z", b'{"id": 1}'
    moment = 1616648967
    headers = {
        "x-zendesk-webhook-signature": signed("s", told.encode() + body),
        "x-zendesk-webhook-signature-timestamp": told,
    }
    assert hmac_of("zendesk", "s").refusal(headers, body, moment) is None
    assert hmac_of("zendesk", "s").refusal(headers, body, moment + 301)
    exact = "2021-03-25T05:09:27.123456789Z"
    digest = hmac.digest(b"s", b"id-1" + exact.encode() + body, "sha256").hex()
    headers = {
        "twitch-eventsub-message-id": "id-1",
        "twitch-eventsub-message-timestamp": exact,
        "twitch-eventsub-message-signature": f"sha256={digest}",
    }
    assert hmac_of("twitch", "s").refusal(headers, body, moment) is None


@pytest.mark.contract("live.signatures")
def test_trello_signs_the_address_with_sha1() -> None:
    url, body = "https://hooks.test/integration/webhook", b'{"action": {}}'
    headers = {"x-trello-webhook": signed("s", body + url.encode(), "sha1")}
    target = Target("POST", url)
    assert hmac_of("trello", "s").refusal(headers, body, 0, target) is None
    assert hmac_of("trello", "s").refusal(headers, body + b" ", 0, target)


@pytest.mark.contract("live.secrets")
def test_any_of_the_secrets_is_right() -> None:
    body = b"{}"
    headers = {"x-shopify-hmac-sha256": signed("old", body)}
    assert HmacAuthenticator(PRESETS["shopify"], ("new", "old")).refusal(headers, body, 0) is None
    assert HmacAuthenticator(PRESETS["shopify"], ("new",)).refusal(headers, body, 0)
    token = TokenAuthenticator("X-T", ("new", "old"))
    assert token.refusal({"x-t": "old"}, b"", 0) is None
    assert token.refusal({"x-t": "none"}, b"", 0)


@pytest.mark.contract("live.token-in-address")
def test_a_token_may_be_in_the_address() -> None:
    authenticator = TokenAuthenticator("", ("s3cr3t",), query="key")
    assert authenticator.refusal({}, b"", 0, Target(query={"key": "s3cr3t"})) is None
    said = "the token in the parameter key of its address is wrong"
    assert authenticator.refusal({}, b"", 0, Target(query={"key": "x"})) == said
    said = "it has no parameter key of its address"
    assert authenticator.refusal({}, b"", 0, Target()) == said


def test_a_secret_that_is_not_in_its_encoding_is_refused() -> None:
    with pytest.raises(ValueError, match="is not in base64"):
        PRESETS["svix"].key_of("whsec_not base64!")
    with pytest.raises(ValueError, match="is not in hex"):
        SignatureScheme("X", secret_encoding="hex").key_of("xyz")
