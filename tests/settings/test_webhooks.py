"""The settings for live events: what is accepted, and what a refusal says."""

from typing import Any

import pytest

from errors import SettingsError
from live_events.authentication import FixedAuthenticator, HmacAuthenticator, authenticator_of
from settings.connection import ConnectionSettings
from settings.secrets import redactor_for

BASE = {"base_url": "https://api.test"}


def parse(**given: Any) -> ConnectionSettings:
    return ConnectionSettings.parse({**BASE, **given})


def problems(**given: Any) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        parse(**given)
    return caught.value.problems


def test_without_webhook_auth_nobody_is_let_in() -> None:
    assert authenticator_of(parse()) is None
    assert authenticator_of(parse(webhook_auth="none")) == FixedAuthenticator(None)


def test_what_is_given_replaces_what_a_preset_says() -> None:
    settings = parse(
        webhook_auth="hmac",
        webhook_preset="slack",
        webhook_secret="s3cr3t-0f-h00ks!\n",
        webhook_header="X-Own",
        webhook_tolerance="60",
    )
    authenticator = authenticator_of(settings)
    assert isinstance(authenticator, HmacAuthenticator)
    assert (authenticator.secrets, authenticator.tolerance) == (("s3cr3t-0f-h00ks!",), 60)
    scheme = authenticator.scheme
    assert (scheme.header, scheme.prefix) == ("X-Own", "v0=")
    assert scheme.signed_payload == "v0:{timestamp}:{body}"


@pytest.mark.parametrize(
    "given, lines",
    [
        (
            {"webhook_auth": "hmac"},
            [
                "webhookSecret: is required with webhookAuth hmac",
                (
                    "webhookHeader: is required with webhookAuth hmac, unless webhookPreset is "
                    "one of github, slack, stripe, standard_webhooks, svix, hubspot, zendesk, "
                    "zoom, trello, twitch, meta, shopify, pagerduty, linear, asana, atlassian"
                ),
            ],
        ),
        (
            {"webhook_auth": "basic", "webhook_secret": "0123456789abcdef"},
            ["webhookUsername: is required with webhookAuth basic"],
        ),
        (
            {"webhook_auth": "token", "webhook_secret": "0123456789abcdef"},
            [
                (
                    "webhookHeader: is required with webhookAuth token, unless webhookQueryParam "
                    "names a parameter of the address"
                )
            ],
        ),
        (
            {"webhook_auth": "oauth"},
            ["webhookAuth: must be one of 'none', 'hmac', 'basic' or 'token' (got 'oauth')"],
        ),
        (
            {
                "webhook_auth": "hmac",
                "webhook_secret": "0123456789abcdef",
                "webhook_header": "X-S",
                "webhook_timestamp_header": "X-T",
            },
            [
                (
                    "webhookSignedPayload: must hold {timestamp} where webhookTimestampHeader is "
                    "given; a timestamp that is not signed protects from nothing"
                )
            ],
        ),
        (
            {
                "webhook_auth": "hmac",
                "webhook_secret": "0123456789abcdef",
                "webhook_header": "X-S",
                "webhook_signed_payload": "{timestamp}.{body}",
            },
            ["webhookTimestampHeader: is required where webhookSignedPayload holds {timestamp}"],
        ),
        (
            {"webhook_signed_payload": "{host}{body}"},
            [
                (
                    "webhookSignedPayload: must hold {body} once, and of other placeholders "
                    "{timestamp}, {method}, {url} and {header:name} only (got '{host}{body}')"
                )
            ],
        ),
        (
            {
                "webhook_auth": "hmac",
                "webhook_header": "X-Hook-Signature",
                "webhook_secret": "k" * 20,
                "webhook_handshake": "asana",
            },
            [
                (
                    "webhookHandshake: with webhookAuth hmac, asana needs webhookPreset asana, "
                    "which keeps the secret that comes with the handshake; or give webhookAuth "
                    "token"
                )
            ],
        ),
        (
            {"webhook_auth": "hmac", "webhook_preset": "asana", "webhook_secret": "k" * 20},
            [
                (
                    "webhookQueryParam: is required with webhookPreset asana: a secret is believed "
                    "only where it comes to an address with webhookSecret in this parameter"
                ),
                (
                    "responseDirectory: is required with webhookPreset asana, to keep the secrets "
                    "that come with handshakes; without one, give webhookAuth token, "
                    "webhookQueryParam and webhookHandshake asana"
                ),
            ],
        ),
        (
            {"webhook_paths": "webhook"},
            [
                (
                    "webhookPaths: has 'webhook'; a path is like /webhook or /webhook/users "
                    "(got 'webhook')"
                )
            ],
        ),
    ],
)
def test_refusals(given: dict[str, Any], lines: list[str]) -> None:
    assert list(problems(**given)) == lines


@pytest.mark.parametrize("path", ["/", "/a/", "/a/../b", "/a b", "/{x}", "//a", "/a?b"])
def test_odd_paths_are_refused(path: str) -> None:
    assert "webhookPaths" in problems(webhook_paths=[path])[0]


@pytest.mark.parametrize("given", ["/a, /b/c", '["/a", "/b/c"]', ["/a", "/b/c", "/a"]])
def test_paths_may_be_a_list_or_text(given: object) -> None:
    assert parse(webhook_paths=given).webhook_paths == ("/a", "/b/c")


def test_the_secret_is_never_shown() -> None:
    settings = parse(webhook_auth="basic", webhook_username="hook", webhook_secret="pa55-word")
    assert "pa55-word" not in repr(settings)
    assert "pa55-word" not in repr(authenticator_of(settings))
    shown = redactor_for(settings).text("aG9vazpwYTU1LXdvcmQ= pa55-word")
    assert shown == "*** ***"
