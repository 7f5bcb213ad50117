"""JSON types and presence of members: what every other rule is built from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from oss_vectors_emulator.choices import Choices
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.limits import Limits


class Missing:
    """The value of a member that is not there, as opposed to null."""


MISSING: Final = Missing()
Body = Mapping[str, Any]


class RuleBase:
    """Limits, choices and the elementary checks."""

    def __init__(self, limits: Limits, choices: Choices) -> None:
        self.limits = limits
        self.choices = choices

    def invalid(self, message: str) -> ServiceError:
        """The refusal of a bad parameter (error table of every POST operation)."""
        return ServiceError("VectorIndexParameterInvalid", message)

    def wrong_type(self, name: str, expected: str) -> ServiceError:
        """The refusal of a member of the wrong JSON type; which of two codes it gets is undocumented."""
        return ServiceError(self.choices.wrong_type_code, f"{name} must be {expected}.")

    def member(self, body: Body, name: str) -> Any:
        """A member, or MISSING."""
        value = body.get(name, MISSING)
        if value is None and self.choices.explicit_null == "absent":
            return MISSING
        return value

    def required(self, body: Body, name: str) -> Any:
        """A member the operation cannot do without."""
        value = self.member(body, name)
        if value is MISSING:
            raise self.invalid(f"{name} is required.")
        return value

    def string(self, name: str, value: Any) -> str:
        """A JSON string."""
        if not isinstance(value, str):
            raise self.wrong_type(name, "a string")
        return value

    def boolean(self, name: str, value: Any) -> bool:
        """A JSON boolean."""
        if not isinstance(value, bool):
            raise self.wrong_type(name, "a boolean")
        return value

    def integer(self, name: str, value: Any) -> int:
        """A JSON integer.

        Whether 512.0 is one is undocumented: JSON does not tell it from 512, so it is accepted by default.
        """
        if isinstance(value, float) and value.is_integer() and self.choices.integral_float == "accept":
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.wrong_type(name, "an integer")
        return value

    def array(self, name: str, value: Any) -> list[Any]:
        """A JSON array."""
        if not isinstance(value, list):
            raise self.wrong_type(name, "an array")
        return value

    def object(self, name: str, value: Any) -> dict[str, Any]:
        """A JSON object."""
        if not isinstance(value, dict):
            raise self.wrong_type(name, "an object")
        return value

    def flag(self, body: Body, name: str) -> bool:
        """An optional boolean, false by default (returnData, returnMetadata, returnDistance)."""
        value = self.member(body, name)
        return False if value is MISSING else self.boolean(name, value)

    def within(self, name: str, value: int, least: int, most: int) -> int:
        """An integer inside its documented range."""
        if not least <= value <= most:
            raise self.invalid(f"{name} must be between {least} and {most}.")
        return value
