"""Tables of the fields of pydantic models, of version 1 (Ocean's mapping) and 2 (settings)."""

import inspect
import json
import re
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo
from pydantic.v1 import BaseModel as BaseModelV1
from pydantic.v1.fields import ModelField

from tools.scripts.markdown import NOTHING, code, code_list, page, table

AnyModel = type[BaseModel] | type[BaseModelV1]

_SIMPLE_TYPES = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    Any: "any value",
    object: "any value",
    dict: "object",
    list: "list",
}


@dataclass(frozen=True)
class Field:
    name: str
    type: Any
    required: bool
    default: Any
    description: str


def section(heading: str, model: AnyModel) -> str:
    """Return a heading, the model's docstring and the table of its fields."""
    rows = [
        (code(field.name), type_name(field.type), _default(field), field.description)
        for field in fields(model)
    ]
    docstring = inspect.cleandoc(vars(model).get("__doc__") or "")
    return page(heading, docstring, table(("Field", "Type", "Default", "What it is"), rows))


def fields(model: AnyModel) -> Iterator[Field]:
    """Yield the fields of a model as a user writes them, in order of declaration."""
    hints = get_type_hints(model)
    if issubclass(model, BaseModelV1):
        for name, field in model.__fields__.items():
            yield _from_v1(model, field, hints[name])
    else:
        for name, info in model.model_fields.items():
            yield _from_v2(name, info, hints[name])


def nested_models(model: AnyModel) -> list[AnyModel]:
    """Return the models that the fields of a model refer to, at any depth, the nearest first."""
    found = [model]
    for visited in found:  # grows on the way; models may refer to themselves
        mentioned = [inner for field in fields(visited) for inner in models_in(field.type)]
        found += [inner for inner in dict.fromkeys(mentioned) if inner not in found]
    return found[1:]


def type_name(hint: Any) -> str:
    """Return a type in words: `list[str] | None` is "list of string"."""
    if isinstance(hint, type) and hint in _SIMPLE_TYPES:
        return _SIMPLE_TYPES[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return "one of " + code_list(str(member.value) for member in hint)
    if get_origin(hint) is not None:
        return _generic_name(hint)
    if isinstance(hint, type) and issubclass(hint, str | int | float):
        return next(name for base, name in _SIMPLE_TYPES.items() if issubclass(hint, base))
    return words(getattr(hint, "__name__", str(hint)))


def words(class_name: str) -> str:
    """Return the words of a class name: PathParameter is "path parameter"."""
    return re.sub("(?=[A-Z])", " ", class_name).strip().lower()


def _generic_name(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return type_name(arguments[0])
    if origin is Literal:
        return "one of " + code_list(map(str, arguments))
    if origin in (Union, types.UnionType):
        return " or ".join(type_name(part) for part in arguments if part is not type(None))
    if issubclass(origin, Mapping):
        inner = type_name(arguments[-1])
        return "object" if inner == "any value" else f"object of {inner} by name"
    if issubclass(origin, Sequence | set | frozenset):
        return f"list of {type_name(arguments[0])}"
    return words(origin.__name__)


def models_in(hint: Any) -> Iterator[AnyModel]:
    """Yield the models that a type mentions."""
    if isinstance(hint, type) and issubclass(hint, BaseModel | BaseModelV1):
        yield hint
    for argument in get_args(hint):
        yield from models_in(argument)


def _from_v1(model: type[BaseModelV1], field: ModelField, hint: Any) -> Field:
    return Field(
        name=field.alias if _inherited_from_ocean(model, field.name) else field.name,
        type=hint,
        required=field.required is True,
        default=field.get_default(),
        description=field.field_info.description or "",
    )


def _from_v2(name: str, info: FieldInfo, hint: Any) -> Field:
    alias = info.validation_alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias or name]
    return Field(
        name=str(choices[0]),
        type=hint,
        required=info.is_required(),
        default=None if info.is_required() else info.get_default(call_default_factory=True),
        description=info.description or "",
    )


def _inherited_from_ocean(model: type[BaseModelV1], name: str) -> bool:
    owners = [owner for owner in model.__mro__ if name in vars(owner).get("__annotations__", {})]
    return all(owner.__module__.startswith("port_ocean.") for owner in owners)


def _default(field: Field) -> str:
    if field.required:
        return "required"
    value = field.default.value if isinstance(field.default, Enum) else field.default
    if isinstance(value, str):
        return code(value)
    # A block that may be left out has the defaults of its own fields.
    is_nothing = value is None or value in ({}, []) or isinstance(value, BaseModelV1)
    return NOTHING if is_nothing else code(json.dumps(value))
