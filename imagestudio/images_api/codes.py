"""The names that services, the proxies before them and this client have for the same fault.

Names are compared without case and punctuation, so `contentFilter`, `content_filter` and
`CONTENT-FILTER` are one. Sources, read until 2026-11-29: OpenAI's help article 5955604 and error
guide, Azure's and Google's error references, xAI, OpenRouter, and the code of LiteLLM and new-api.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum


class OwnCode(StrEnum):
    """What this client itself calls a failure; a code that a service gave stays free text."""

    # Before the call, so the service had no part in it.
    DISK = "disk"
    INPUT = "input"
    DATABASE = "database"
    IMAGE_TOO_LARGE = "image_too_large"
    # On the way.
    DEADLINE = "deadline"
    PROXY = "proxy"
    NAME_UNKNOWN = "name_unknown"
    TLS = "tls"
    CONNECTION_REFUSED = "refused"
    TIMEOUT = "timeout"
    DISCONNECTED = "disconnected"
    BAD_HEAD = "bad_head"
    TRUNCATED = "truncated"
    # In an answer that says less, or something else, than it should.
    BAD_RESPONSE = "bad_response"
    CODING = "coding"
    NO_LIST = "no_list"
    REDIRECT = "redirect"
    STREAM_ERROR = "stream_error"
    # One name for what services put in many ways.
    MODERATION_BLOCKED = "moderation_blocked"
    NOT_VERIFIED = "organization_not_verified"  # For one model of the account; others work.
    LIMIT_EXCEEDED = "limit_exceeded"


def plain(name: str) -> str:
    """A name as it is compared."""
    return "".join(character for character in name.casefold() if character.isalnum())


def _names(text: str) -> frozenset[str]:
    return frozenset(map(plain, text.split()))


MONEY = _names("""
    insufficient_quota credit_balance_exhausted organization_spend_limit_exceeded
    project_spend_limit_exceeded organization_usage_limit_exceeded billing_hard_limit_reached
    billing_not_active billing_disabled budget_exceeded BudgetExceededError insufficient_user_quota
    pre_consume_token_quota_failed insufficient_credits insufficient_balance insufficient_funds
    out_of_credits no_credits credits_exhausted not_enough_balance payment_required arrearage
    account_overdue AccountOverdueError ExceededCurrentQuotaError entitlement_required
    entitlement_inactive entitlement_daily_limit_exceeded entitlement_total_limit_exceeded
    subscription_required personal_team_blocked_spending_limit
""")
KEYS = _names("""
    invalid_api_key incorrect_api_key api_key_invalid api_key_expired expired_api_key expired_key
    api_key_blocked api_key_disabled api_key_revoked api_key_service_blocked
    api_key_http_referrer_blocked api_key_ip_address_blocked api_key_android_app_blocked
    api_key_ios_app_blocked access_token_expired access_token_scope_insufficient
    access_token_type_unsupported invalid_token expired_token token_expired token_revoked
    token_not_found_in_db invalid_credentials invalid_issuer invalid_organization invalid_project
    mismatched_organization mismatched_project missing_scope insufficient_permissions
    authentication_error AuthenticationError auth_error unauthenticated unauthorized failed_to_auth
    no_auth_header not_authorized_invalid_key_type channel_invalid_key channel_no_available_key
    invalid_subscription_key
""")
ACCESS = _names("""
    permission_denied permission_error PermissionDeniedError unsupported_country_region_territory
    request_forbidden region_not_supported ip_not_authorized ip_address_not_authorized
    account_deactivated account_disabled account_suspended account_terminated user_deactivated
    organization_deactivated organization_disabled organization_suspended project_deactivated
    project_disabled project_archived deactivated_workspace workspace_deactivated workspace_disabled
    consumer_invalid consumer_suspended service_disabled access_not_configured user_project_denied
    location_org_policy_violated location_policy_violated VirtualNetworkRuleDenied
    PublicNetworkAccessDisabled ResourceBlocked resource_temporarily_blocked
""")
ACCOUNT = MONEY | KEYS | ACCESS
# They stand for the account alone only where the status says so too.
WITH_A_STATUS = _names("permission_denied permission_error unauthorized request_forbidden")

ONE_MODEL = _names("""
    model_not_found key_model_access_denied team_model_access_denied user_model_access_denied
    org_model_access_denied project_model_access_denied deployment_not_found unsupported_model
    DeploymentNotFound
""")

MODERATION = _names("""
    moderation_blocked content_policy_violation ContentPolicyViolationError content_filter
    content_filtered content_filter_error image_content_policy_violation
    ResponsibleAIPolicyViolation content_moderation content_moderated moderation_error
    input_moderation output_moderation safety_violation safety_blocked safety_error
    safety_policy_denied violated_content_policy content_violation policy_violation
    prompt_blocked image_blocked prohibited_content image_safety image_prohibited_content
    blocklist nsfw nsfw_content_detected sensitive_words_detected data_inspection_failed
    InputTextSensitiveContentDetected InputImageSensitiveContentDetected
    OutputImageSensitiveContentDetected violation_fee_grok_csam
""")
# Of an inner reason only, like a finish reason; as a code it would be a word like any other.
WITHHELD = MODERATION | _names("safety spii recitation flagged content_flagged image_recitation")

REQUEST = _names("""
    invalid_request_error image_generation_user_error BadRequestError bad_request_error
    invalid_argument not_found_error validation_error unprocessable_entity
""")
RATE = _names("""
    rate_limit_exceeded rate_limit_error RateLimitError rate_limit_reached requests tokens images
    input_images slow_down too_many_requests resource_exhausted throttled ThrottlingException
    Throttling RateLimitReached token_concurrency_limit_reached
""")
TOO_LARGE = _names("request_too_large tokens_limit_reached context_length_exceeded")
SERVER = _names("""
    server_error server_is_overloaded service_unavailable_error engine_overloaded slow_down
""")

STATUS_OF = {
    400: REQUEST - _names("not_found_error"),
    401: _names("authentication_error AuthenticationError auth_error unauthenticated"),
    403: _names("permission_error permission_denied PermissionDeniedError"),
    404: _names("not_found_error"),
    429: RATE,
    500: _names("server_error"),
    503: _names("service_unavailable_error server_is_overloaded"),
}

# A resource that was blocked for what many requests asked for: about content, and for all of it.
BLOCKED = re.compile(
    r"\b(?:resource|subscription|account|organi[sz]ation|team|project|deployment)\b"
    r"[^.]{0,40}\b(?:blocked|suspended|disabled|deactivated|terminated|banned)\b",
    re.IGNORECASE,
)
REFUSED_BY_SAFETY = re.compile(
    r"rejected by (?:the|our) safety system|as a result of our safety system|safety_violations",
    re.IGNORECASE,
)
MODERATED = re.compile(
    rf"{REFUSED_BY_SAFETY.pattern}|content[ _-]?(?:management )?(?:policy|policies|filter)"
    r"|usage guidelines|usage polic|safety_check_type|responsible ?ai|content violat"
    r"|violates? (?:our|the) |input was flagged|flagged (?:as|by|for)|prohibited content|guardrail"
    r"|moderation (?:block|reject|fail)|did not pass (?:the )?moderation|content moderation",
    re.IGNORECASE,
)
# At the very beginning, where no prompt can be repeated yet.
ABOUT_THE_KEY = re.compile(
    r"(?:incorrect api key|invalid api key|api key (?:not valid|not found|expired)"
    r"|user location is not supported)",
    re.IGNORECASE,
)
ABOUT_THE_ACCOUNT = re.compile(
    r"(?:your api key|this api key|your account|your organi[sz]ation (?:has been|is|was)"
    r"|your (?:newly created )?team|you have insufficient permissions|budget has been exceeded"
    r"|insufficient (?:credits|balance|funds|quota)|you(?:'ve| have) (?:used all|run out of)"
    r"|access denied due to (?:virtual network|invalid subscription)|public access is disabled"
    r"|country, region, or territory|exceededbudget)",
    re.IGNORECASE,
)
VIOLATION_FEE = re.compile(r"violation.?fee|safety_check_type", re.IGNORECASE)
BROKEN = re.compile(
    r"connect|time[sd]?[ -]?out|deadline exceeded|reset|disconnect|broken pipe|upstream|gateway"
    r"|eof\b|stream ended|network",
    re.IGNORECASE,
)
# Waited for in vain, whatever the status says; the mere name of a parameter is no such sentence.
WAITED_IN_VAIN = re.compile(
    r"timed[ -]out|timeout ?error|time-?out (?:waiting|while|after)|deadline exceeded"
    r"|connection (?:error|reset|closed|aborted)",
    re.IGNORECASE,
)
UNVERIFIED = "organization must be verified"
NO_ACCESS = re.compile(r"does not have access to (?:the )?model|no access to model", re.IGNORECASE)
_QUOTED_CODE = re.compile(r"""['"\\](?:code|type|status|reason)\\?['"]: *\\?['"]([\w.:-]{3,60})""")
_WORD = re.compile(r"[A-Za-z][\w-]{3,59}")


def quoted_in(message: str) -> frozenset[str]:
    """The codes of an error that a proxy put into its own message, as `'code': 'x_y'`."""
    return frozenset(map(plain, _QUOTED_CODE.findall(message)))


def moderation_named_in(message: str) -> str | None:
    """The moderation code that stands in a message; a long name is never met by chance."""
    words = (word for word in _WORD.findall(message) if "_" in word or not word.islower())
    return next((word for word in words if plain(word) in MODERATION), None)


def any_of(names: Iterable[str], known: frozenset[str]) -> bool:
    return not known.isdisjoint(names)
