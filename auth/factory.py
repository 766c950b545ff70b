"""The registry of strategies, one for the settings of each authType."""

from auth.aws_signature import SigV4Auth
from auth.custom import CustomAuth
from auth.digest import DigestAuth
from auth.json_web_token import JwtAuth
from auth.oauth import OAuthAuth
from auth.static import ApiKeyAuth, BasicAuth, BearerAuth, NoAuth
from auth.strategy import AuthStrategy
from redaction import Redactor
from settings.connection import ConnectionSettings

STRATEGIES: tuple[type[AuthStrategy], ...] = (
    NoAuth,
    BearerAuth,
    BasicAuth,
    DigestAuth,
    ApiKeyAuth,
    CustomAuth,
    OAuthAuth,
    JwtAuth,
    SigV4Auth,
)


def create_auth(settings: ConnectionSettings, redactor: Redactor) -> AuthStrategy:
    """Return the strategy for `authType`; the settings were checked for what it needs."""
    (strategy,) = (each for each in STRATEGIES if each.serves is settings.auth)
    return strategy(settings, redactor)
