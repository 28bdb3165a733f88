"""Keys, money and permissions under all their names, and what only looks like them."""

from __future__ import annotations

from tests.corpus.refusals import PAGE, TEXT, account, err, moderated, refused

XAI = {"code": "permission-denied", "error": "Content violates usage guidelines."}
OPENROUTER = err(
    "Your chosen model requires moderation and your input was flagged",
    None,
    403,
    metadata={"reasons": ["sexual/minors"], "flagged_input": "a cat", "provider_name": "OpenAI"},
)
BLOCKED = (
    "Your resource has been temporarily blocked because we detected behavior that may violate our"
    " content policy."
)

# A 403 that is about one request, beside those that are about the account.
FORBIDDEN = (
    moderated("xAI", 403, XAI, "moderation_blocked", "usage guidelines"),
    moderated("OpenRouter", 403, OPENROUTER, "moderation_blocked", "sexual/minors"),
    moderated(
        "xAI charges for it",
        403,
        {
            "code": "permission-denied",
            "error": "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO",
        },
        "moderation_blocked",
        "bio",
        may_be_billed=True,
    ),
    moderated(
        "a relay names the fee",
        403,
        err("Content violates usage guidelines.", None, "violation_fee.grok.csam"),
        "violation_fee.grok.csam",
        "usage guidelines",
        may_be_billed=True,
    ),
    refused(
        "a firewall's page",
        403,
        "<html>Sorry, you have been blocked</html>",
        "http_403",
        "web page",
        headers=PAGE,
    ),
    refused(
        "a firewall's word", 403, b"Request blocked.", "http_403", "Request blocked", headers=TEXT
    ),
    refused("AWS, which says little", 403, {"message": "Forbidden"}, "http_403", "Forbidden"),
    refused("no reason at all", 403, err("No.", "invalid_request_error"), "http_403", "No."),
    refused(
        "a model of its own",
        403,
        err("m is not for you", None, "model_not_found"),
        "model_not_found",
        "not for you",
    ),
    refused(
        "a relay's key without that model",
        403,
        err("No m.", "key_model_access_denied", "403"),
        "http_403",
        "No m.",
    ),
    moderated(
        "Google's safety",
        403,
        {
            "error": {
                "code": 403,
                "message": "Blocked.",
                "status": "PERMISSION_DENIED",
                "details": [{"reason": "PROHIBITED_CONTENT"}],
            }
        },
        "moderation_blocked",
        "Blocked.",
    ),
    account("Azure blocks the resource", 403, err(BLOCKED, None, "403"), "http_403", "resource"),
    account(
        "no permission at Google",
        403,
        {"error": {"code": 403, "message": "Denied.", "status": "PERMISSION_DENIED"}},
        "PERMISSION_DENIED",
        "Denied.",
    ),
    account(
        "a country",
        403,
        err("Not here.", "request_forbidden", "unsupported_country_region_territory"),
        "unsupported_country_region_territory",
        "Not here",
    ),
    account(
        "a scope",
        403,
        err("You have insufficient permissions for this operation."),
        "http_403",
        "insufficient permissions",
    ),
    account(
        "no credits at xAI",
        403,
        {
            "code": "The caller does not have permission",
            "error": "Your newly created team doesn't have any credits yet.",
        },
        "http_403",
        "credits",
    ),
    account(
        "Azure's network",
        403,
        err("Access denied due to Virtual Network rules.", None, "403"),
        "http_403",
        "Virtual Network",
    ),
)

GOOGLE_KEY = [
    {"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT"}}
]
GOOGLE_REASON = {
    "error": {
        "code": 400,
        "message": "Expired.",
        "status": "INVALID_ARGUMENT",
        "details": [{"@type": "ErrorInfo", "reason": "API_KEY_EXPIRED"}],
    }
}
QUOTED = "litellm.RateLimitError: Error code: 429 - {'error': {'code': 'insufficient_quota'}}"

# The account under all its names.
ACCOUNTS = (
    account(
        "billing",
        429,
        err("Your account is not active.", "billing_not_active", "billing_not_active"),
        "billing_not_active",
        "not active",
    ),
    account(
        "a relay's budget",
        429,
        err("Budget has been exceeded!", "budget_exceeded", "429"),
        "http_429",
        "Budget",
    ),
    account(
        "the same with 400",
        400,
        err("ExceededBudget: over", "budget_exceeded", "400"),
        "http_400",
        "over",
    ),
    account("quota, named in the type", 429, err("No.", "insufficient_quota"), "http_429", "No."),
    account(
        "quota, in a proxy's words",
        429,
        err(QUOTED, "throttling_error", "429"),
        "http_429",
        "insufficient_quota",
    ),
    account(
        "a relay's user quota",
        403,
        err("No.", "new_api_error", "insufficient_user_quota"),
        "insufficient_user_quota",
        "No.",
    ),
    account(
        "a relay's token quota",
        403,
        err("No.", "x", "pre_consume_token_quota_failed"),
        "pre_consume_token_quota_failed",
        "No.",
    ),
    account("a key at Google", 400, GOOGLE_KEY, "INVALID_ARGUMENT", "API key not valid"),
    account("a key at Google, by its reason", 400, GOOGLE_REASON, "INVALID_ARGUMENT", "Expired"),
    account(
        "a place at Google",
        400,
        err("User location is not supported for the API use.", status="FAILED_PRECONDITION"),
        "FAILED_PRECONDITION",
        "location",
    ),
    account(
        "a key at xAI",
        400,
        {"code": "invalid argument", "error": "Incorrect API key provided"},
        "http_400",
        "Incorrect API key",
    ),
    account(
        "a key",
        401,
        err("Wrong.", "invalid_request_error", "invalid_api_key"),
        "invalid_api_key",
        "Wrong",
    ),
    account(
        "an expired key of a relay",
        400,
        err("Expired.", "expired_key", "400"),
        "http_400",
        "Expired",
    ),
    account(
        "deactivated", 401, err("Gone.", None, "account_deactivated"), "account_deactivated", "Gone"
    ),
    account(
        "disabled organisation",
        400,
        err("Gone.", None, "organization_disabled"),
        "organization_disabled",
        "Gone",
    ),
    account(
        "credits at OpenRouter", 402, err("Insufficient credits", None, 402), "http_402", "credits"
    ),
    account("a proxy of one's own", 407, "<html>", "http_407", "web page", headers=PAGE),
    account(
        "a subscription key",
        401,
        {"statusCode": 401, "message": "Access denied due to invalid subscription key."},
        "http_401",
        "subscription key",
    ),
    refused(
        "a prompt that names a code",
        400,
        err("Bad prompt: 'code': 'insufficient_quota'"),
        "http_400",
        "Bad prompt",
    ),
)
