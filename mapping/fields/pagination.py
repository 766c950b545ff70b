"""The `pagination` block of a selector or path parameter, as a user writes it.

A pydantic.v1 model, as Ocean asks; the mapping form shows its titles and descriptions.
"""

from collections.abc import Mapping
from typing import Any, Self

from pydantic.alias_generators import to_camel
from pydantic.v1 import BaseModel, Field, create_model, root_validator
from pydantic.v1.fields import FieldInfo

from errors import SelectorError, SettingsError
from expressions.programs import check_jq
from mapping.fields.user_fields import UserFields
from mapping.plan.headers import check_header_names
from settings.connection import ConnectionSettings
from settings.pagination import (
    OPTIONS,
    PAGINATION_TYPES,
    TYPE_NAME,
    Option,
    PaginationSettings,
    SingleRequestSettings,
    value_type,
)
from settings.places import PlaceError

# Fields whose own name Python does not allow.
_AS_WRITTEN = {"where": "in", "size_where": "size_in"}


def spelt(name: str) -> str:
    """Return the name of a field as users write it."""
    return _AS_WRITTEN.get(name, name)


def _with_options[Model: BaseModel](model: type[Model]) -> type[Model]:
    about = "How pages are asked for; unset, as paginationType says. Example: `cursor`."
    fields: dict[str, Any] = {"type": (TYPE_NAME | None, Field(None, description=about))}
    for name, option in OPTIONS.items():
        annotation, limits = value_type(name)
        field = FieldInfo(
            None,
            alias=to_camel(spelt(name)),
            title=option.title or None,
            description=option.description,
            **limits,
        )
        fields[name] = (annotation, field)
    made = create_model(model.__name__, __base__=model, __module__=__name__, **fields)
    made.__doc__ = model.__doc__
    return made


@_with_options
class PaginationConfig(UserFields):
    """How one endpoint is read to its end, in place of the connection's pagination settings."""

    @root_validator(pre=True)
    def _spellings(cls, values: dict[str, Any]) -> dict[str, Any]:
        # `size_in` belongs to a field whose own name cannot be `in`.
        return {"sizeIn" if name == "size_in" else name: item for name, item in values.items()}

    @classmethod
    def validate(cls, value: Any) -> Self:
        """Accept a block; one that is only a type is that type."""
        return super().validate({"type": value} if isinstance(value, str) else value)

    def over(self, connection: PaginationSettings, place: str) -> PaginationSettings:
        """Put these options on those of the connection where the type is the same.

        Raises:
            SelectorError: an option is not for the type, or two contradict each other.
        """
        given = {name: item for name, item in self.dict().items() if item is not None}
        chosen = given.pop("type", None)
        kind = PAGINATION_TYPES[chosen or connection.type]
        options = kind.options()
        for name in given:
            if name not in options:
                raise SelectorError(_misplaced(f"{place}.{spelt(name)}", kind.type, name))
        for name in given:
            if len(both := [each for each in _rivals(name, options) if each in given]) > 1:
                raise SelectorError(
                    f"{place}: {' and '.join(map(spelt, both))} contradict each other; give one"
                )
        for name in given:
            if options[name].is_jq:
                check_jq(given[name], f"{place}.{spelt(name)}")
        if "where" in given:
            given.setdefault("size_where", given["where"])
        base = connection if isinstance(connection, kind) else kind()
        replaced = [each for name in given for each in _rivals(name, options)]
        unset = {name: kind.model_fields[name].default for name in replaced}
        # Who writes `none` here wants one page, and no more.
        asked = {"is_one_page": True} if chosen == SingleRequestSettings.type else {}
        made = base.model_copy(update={**unset, **given, **asked})
        for name in made.lacking:
            raise SelectorError(f"{place}.{spelt(name)}: is required with type {kind.type}")
        _check_headers(made, place)
        _check_placeholders(made, place)
        return made


def check_expressions(settings: ConnectionSettings) -> ConnectionSettings:
    """Return the settings, where what is JQ in those of pagination is valid.

    Raises:
        SettingsError: names the setting, and says what jq says.
    """
    chosen = settings.pagination
    for name, about in chosen.options().items():
        if about.is_jq and about.setting and (told := getattr(chosen, name)):
            try:
                check_jq(told, to_camel(about.setting))
            except SelectorError as error:
                raise SettingsError([f"{error}"]) from None
    return settings


def plain(pagination: PaginationSettings, place: str) -> PaginationSettings:
    """Return the settings with each place in bodies as it is read.

    Raises:
        SelectorError: one names no place; the error says how to write it.
    """
    try:
        return pagination.with_plain_places()
    except PlaceError as error:
        raise SelectorError(f"{place}.{error}") from None


def _check_headers(made: PaginationSettings, place: str) -> None:
    """Refuse parameters in headers that are not a mapping's; errors as for these."""
    for where, name in (("where", "param"), ("size_where", "size_param")):
        named = getattr(made, name, None)
        if named and getattr(made, where, None) == "header":
            check_header_names([named], f"{place}.{name}")


def _check_placeholders(made: PaginationSettings, place: str) -> None:
    """Refuse placeholders for what is no number, and beside a place in the same body.

    Raises:
        SelectorError: says what goes instead.
    """
    where, size_where = (getattr(made, name, None) for name in ("where", "size_where"))
    if "placeholder" not in (where, size_where):
        return
    if not made.is_counted:
        types = ", ".join(name for name, kind in PAGINATION_TYPES.items() if kind.is_counted)
        raise SelectorError(f"{place}.in: placeholder is for numbers, of the types {types}")
    if "body" in (where, size_where):
        raise SelectorError(
            f"{place}: in and size_in cannot be placeholder and body; write both as placeholders"
        )


def _rivals(name: str, options: Mapping[str, Option]) -> list[str]:
    """Return the options, this one among them, of which a block may give only one."""
    group = options[name].one_of
    return [each for each, option in options.items() if group and option.one_of == group]


def _misplaced(place: str, kind: str, name: str) -> str:
    types = ", ".join(sorted(t for t, each in PAGINATION_TYPES.items() if name in each.options()))
    return f"{place}: has no effect with type {kind}; it is for {types}"
