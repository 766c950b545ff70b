"""The base of all blocks of a mapping: how users spell their fields, and what forms call them.

The blocks are pydantic.v1 models, as Ocean asks; its form shows their titles and descriptions.
"""

from typing import Any

from pydantic.alias_generators import to_camel
from pydantic.v1 import BaseModel, Extra, validator
from pydantic.v1.fields import ModelField


class UserFields(BaseModel):
    """Fields as a user writes them: in snake_case or camelCase, and none that is unknown.

    In Port's form, `items_filter` is titled "Items filter", unless the field has its own title.
    """

    class Config:
        extra = Extra.forbid
        allow_population_by_field_name = True

        @classmethod
        def get_field_info(cls, name: str) -> dict[str, Any]:
            """Return the other spelling and the title of a field, by its name."""
            return {"alias": to_camel(name), "title": name.replace("_", " ").capitalize()}


def null_is_default(*fields: str) -> Any:
    """Return a validator that takes a null in these fields for their default, such as `{}`."""

    def default_for_null(value: object, field: ModelField) -> object:
        return field.get_default() if value is None else value

    return validator(*fields, pre=True, allow_reuse=True)(default_for_null)
