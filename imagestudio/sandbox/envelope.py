"""Errors in the shape that the Images API gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ApiFault:
    """An error answer before it has a body."""

    status: int
    message: str
    kind: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    details: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, object]:
        error: dict[str, object] = {
            "message": self.message,
            "type": self.kind,
            "param": self.param,
            "code": self.code,
        }
        if self.details:
            error["moderation_details"] = dict(self.details)
        return {"error": error}


class Faulty(Exception):
    """Carries a fault from where it is found to where it is sent."""

    def __init__(self, fault: ApiFault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def invalid(param: str, message: str, code: str = "invalid_value") -> Faulty:
    return Faulty(ApiFault(400, message, code=code, param=param))
