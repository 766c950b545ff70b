"""The `delta` block of `incremental`, as a user writes it."""

from pydantic.v1 import Field

from api_messages import Where
from errors import SelectorError
from expressions.item_expressions import ItemExpression
from mapping.fields.user_fields import UserFields
from mapping.plan.incremental import Delta
from settings.places import PlaceError, place_of

_PLACE = "incremental.delta"


class DeltaConfig(UserFields):
    """How an API tells what changed since a token that it gave, deletions included."""

    link: str | None = Field(
        None,
        min_length=1,
        description="Where the address of the next round is in the last page of this one. "
        "Example: `@odata.deltaLink`.",
    )
    token: str | None = Field(
        None,
        min_length=1,
        description="Where the token for the next round is in the last page of this one; "
        "`incremental.param` carries it. Example: `meta.sync_token`.",
    )
    removed: str = Field(
        "false",
        description="JQ on each item; where it is exactly true, the item is gone and its entity "
        'is deleted. Example: `has("@removed")`.',
    )
    id: str = Field(
        ".id", description="JQ on each item that tells one from another. Example: `.resourceId`."
    )
    reset: str | None = Field(
        None,
        description="JQ on `{status, headers, body}` of an error; where it is exactly true, the "
        "token is not valid any more and all is read; 410 always says so. "
        'Example: `.body.error.code == "resyncRequired"`.',
    )

    def plan(self, param: str | None, where: Where) -> Delta:
        """Return the checked form; `param` of the request, and where it is, carry a token.

        Raises:
            SelectorError: options are missing or contradict each other.
        """
        if bool(self.link) == bool(self.token):
            raise SelectorError(f"{_PLACE}: give either link or token")
        if self.token and not param:
            raise SelectorError("incremental.param: is required with delta.token, which it carries")
        if self.link and param:
            raise SelectorError("incremental.param: has no effect with delta.link")
        option = "link" if self.link else "token"
        try:
            place = place_of(self.link or self.token or "")
        except PlaceError as error:
            raise SelectorError(f"{_PLACE}.{option}: {error}") from None
        return Delta(
            place,
            param or "",
            where,
            ItemExpression(self.removed, f"{_PLACE}.removed"),
            ItemExpression(self.id, f"{_PLACE}.id"),
            ItemExpression.optional(self.reset, f"{_PLACE}.reset"),
        )
