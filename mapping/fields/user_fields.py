"""The base of all blocks of a mapping: how users spell their fields, and what forms call them.

The blocks are pydantic.v1 models, as Ocean asks; its form shows their titles and descriptions.
"""

from typing import Any

from pydantic.alias_generators import to_camel
from pydantic.v1 import BaseModel, Extra, root_validator


class UserFields(BaseModel):
    """Fields as a user writes them: in snake_case or camelCase, and none that is unknown.

    A field that is null, as forms send what is left empty, is not given.
    In Port's form, `items_filter` is titled "Items filter", unless the field has its own title.
    """

    class Config:
        extra = Extra.forbid
        allow_population_by_field_name = True

        @classmethod
        def get_field_info(cls, name: str) -> dict[str, Any]:
            """Return the other spelling and the title of a field, by its name."""
            return {"alias": to_camel(name), "title": name.replace("_", " ").capitalize()}

    @root_validator(pre=True)
    def _null_is_not_given(cls, given: dict[str, Any]) -> dict[str, Any]:
        fields = cls.__fields__.values()
        known = {name for field in fields for name in (field.name, field.alias)}
        return {key: value for key, value in given.items() if value is not None or key not in known}
