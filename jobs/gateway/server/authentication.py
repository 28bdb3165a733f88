"""Authentication: a key in its header, alive, used from where it may be, for what it may do."""

from __future__ import annotations

from imagestudio.accounts.models import ApiKey, Scope
from jobs.gateway.api.calls import ApiCall
from jobs.gateway.api.errors import ApiError, ErrorAnswer, forbidden
from jobs.gateway.server import limits
from jobs.services.programs import keys

# The same words for a key that never was, was revoked, or has ended: nobody learns which.
_UNKNOWN = "Incorrect API key provided. Make one on the studio's page for API keys."
_MISSING = (
    "You didn't provide an API key. Send it in the Authorization header:"
    " Authorization: Bearer YOUR_KEY."
)
_KEY_PARAMS = ("key", "api_key", "api-key", "access_token", "token")


def admit(call: ApiCall, scope: Scope | None) -> ApiKey:
    """Find the key of a call, or raise ApiError."""
    _refuse_keys_in_address(call)
    text = _sent_key(call)
    key = keys.find(text)
    if key is None:
        limits.note_wrong_key(call.address)
        raise _unauthorised(_UNKNOWN)
    if not keys.admits(key, call.address):
        # Counted for the address: who took a key must not use up what its owner may ask.
        limits.note_wrong_key(call.address)
        raise forbidden("This key may not be used from this address.", "address_not_allowed")
    if scope is not None and scope.value not in key.scopes:
        limits.take(key)  # Of a request that is admitted, its Admission counts it.
        message = f"This key has no right to {scope.value}. Its page says what it may do."
        raise forbidden(message, "insufficient_scope")
    return key


def _sent_key(call: ApiCall) -> str:
    scheme, _, text = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and text.strip():
        return text.strip()
    if text := call.headers.get("api-key", ""):
        return text  # As clients of Azure send it.
    raise _unauthorised(_MISSING)


def _refuse_keys_in_address(call: ApiCall) -> None:
    """Addresses end up in logs and histories; a key that went there should be replaced."""
    if any(name in call.query for name in _KEY_PARAMS):
        raise _unauthorised("A key belongs into the Authorization header, never into the address.")


def _unauthorised(message: str) -> ApiError:
    return ApiError(
        ErrorAnswer(
            status=401,
            message=message,
            kind="invalid_request_error",
            code="invalid_api_key",
            headers={"www-authenticate": 'Bearer realm="studio"'},
        )
    )
