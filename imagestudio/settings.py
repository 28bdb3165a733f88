"""All settings. Only this file and `engines/` read the environment; a mistake stops the start."""

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from environs import FileAwareEnv
from marshmallow.validate import Equal, OneOf, Range

from imagestudio.engines.environment import WEB_PROCESSES
from imagestudio.images_api.aliases import retired_names
from imagestudio.images_api.known_servers import providers_of
from imagestudio.web.storage_url import storage_of

BASE_DIR = Path(__file__).resolve().parent.parent

# `X_FILE=/run/secrets/x` works for every variable; all mistakes are told in one message by seal().
env = FileAwareEnv(eager=False, strip_whitespace=True)

# --- Where it runs ---------------------------------------------------------------------------

DEBUG = False
SECRET_KEY = env.str("STUDIO_SECRET_KEY")
SECRET_KEY_FALLBACKS: list[str] = env.list("STUDIO_SECRET_KEY_FALLBACKS", [])
DATA_DIR = Path(env.str("STUDIO_DATA", str(BASE_DIR / "var" / "studio"))).resolve()
SPOOL_DIR = Path(env.str("STUDIO_SPOOL", str(DATA_DIR / "spool")))
ORIGIN = (env.str("STUDIO_ORIGIN", "") or "").rstrip("/")
IS_PUBLIC = ORIGIN.startswith("https://")

# The limits that each counts for itself are divided by it while Valkey is away.
WEB_PROCESSES = env.int("STUDIO_WEB_PROCESSES", WEB_PROCESSES, validate=Range(min=1))
MAX_CONNECTIONS = env.int("STUDIO_MAX_CONNECTIONS", 4096)  # Open ones, in each web process.

# Where the launcher listens: what letters lead to where no origin is set.
ADDRESS = env.str("STUDIO_ADDRESS", "") or ""

ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
if ORIGIN:
    # No other: OwnHost lets those who ask for our health by loopback names pass as this one.
    ALLOWED_HOSTS = [urlsplit(ORIGIN).hostname or ""]
    CSRF_TRUSTED_ORIGINS = [ORIGIN]

# --- Engines ---------------------------------------------------------------------------------

DB_POOL = env.int("STUDIO_DB_POOL", 8)
_POSTGRES = "django.db.backends.postgresql"
DATABASES = {"default": env.dj_db_url("DATABASE_URL", engine=_POSTGRES) or {}}
DATABASES["default"]["CONN_MAX_AGE"] = 0  # The pool keeps connections; Django refuses both at once.
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True  # It must not hand out those of a dead server.
DATABASES["default"]["OPTIONS"] = {
    **DATABASES["default"].get("OPTIONS", {}),
    "pool": DB_POOL and {"min_size": 1, "max_size": DB_POOL, "timeout": 10},
    # A stuck neighbour costs seconds, not the process: every wait in the database has an end, and
    # the locks of a machine that vanished go soon. All statements are short: compiling costs more.
    "options": "-c lock_timeout=5s -c idle_in_transaction_session_timeout=60s -c jit=off"
    " -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
    " -c tcp_user_timeout=25000",
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
# Who migrates and owns the tables; only `migrate` gets it, and the application owns nothing then.
if env.str("DATABASE_OWNER_URL", ""):
    DATABASES["owner"] = env.dj_db_url("DATABASE_OWNER_URL", engine=_POSTGRES) or {}
    # A change to a table waits for those who use it, and all others wait behind it: not for long.
    DATABASES["owner"].setdefault("OPTIONS", {})["options"] = "-c lock_timeout=5s"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", "redis://127.0.0.1:6379/0")
SOCKET_OPTIONS = {"socket_timeout": 2, "socket_connect_timeout": 2, "socket_keepalive": True}


def _beside_the_broker(url: str) -> str:
    """The cache gets the next database there: clearing it must never empty the queue."""
    parts = urlsplit(url or "")
    number = int(parts.path.strip("/") or 0) + 1
    return urlunsplit(parts._replace(path=f"/{number}"))


CACHE_URL = env.str("CACHE_URL", "") or _beside_the_broker(REDIS_URL)
# Django's own serializer is pickle: whoever can write to Valkey would run code in our processes.
_CACHE_OPTIONS = {
    "pool_class": "imagestudio.web.valkey.SharedPool",
    "serializer": "imagestudio.web.serializer.JsonSerializer",
}
CACHES = {
    # Limits live here: with the server away they raise, and sign-in answers 503, not yes.
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CACHE_URL,
        "KEY_PREFIX": "studio",
        "VERSION": 2,  # Raised when values are written another way: old ones are then not met.
        "OPTIONS": _CACHE_OPTIONS,
    },
    # Sessions are rows in PostgreSQL; their cache may come and go.
    "sessions": {
        "BACKEND": "imagestudio.web.cache.ForgivingRedisCache",
        "LOCATION": CACHE_URL,
        "KEY_PREFIX": "session",
        "VERSION": 2,
        "OPTIONS": _CACHE_OPTIONS,
    },
}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
# Its answers would tell the settings, passwords included, and whoever reaches the broker could ask.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TASK_ACKS_LATE = False  # The job row is the queue; a message may be lost or repeated freely.
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "images"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {**SOCKET_OPTIONS, "max_connections": 1024}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_PUBLISH_RETRY = False

# --- Object storage --------------------------------------------------------------------------

STORAGE_URL = env.str("STORAGE_URL", "") or f"file://{DATA_DIR / 'blobs'}"
STORAGES = {
    "default": storage_of(STORAGE_URL),
    "staticfiles": {"BACKEND": "imagestudio.web.static.StaticStorage"},
}
STATIC_URL = "/static/"
WHITENOISE_ALLOW_ALL_ORIGINS = False
STATIC_ROOT = Path(env.str("STUDIO_STATIC", "") or DATA_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]

# --- The Images API --------------------------------------------------------------------------

SANDBOX_URL = env.str("STUDIO_SANDBOX_URL", "")
IS_SANDBOX = bool(SANDBOX_URL)
# Only the worker calls out, so only the worker's environment needs the keys.
PROVIDERS = providers_of(
    sandbox_url=SANDBOX_URL or "",
    openai_url=env.str("OPENAI_BASE_URL", "") or "",
    openai_key=env.str("OPENAI_API_KEY", "") or "",
    listed=env.str("STUDIO_PROVIDERS", "") or "",
    keys=env.json("STUDIO_PROVIDER_KEYS", {}) or {},
    limits={
        "requests_per_minute": env.int("STUDIO_REQUESTS_PER_MINUTE", None),
        "images_per_minute": env.int("STUDIO_IMAGES_PER_MINUTE", None),
        "max_concurrency": env.int("STUDIO_MAX_CONCURRENCY", None),
        "max_spend_microusd_per_hour": env.int("STUDIO_MAX_SPEND_MICROUSD_PER_HOUR", None),
    },
)
# Each call names its member by a keyed hash, so that one's abuse is not everybody's.
SAFETY_IDENTIFIERS = env.bool("STUDIO_SAFETY_IDENTIFIERS", True)
BREAKER_AFTER = env.int("STUDIO_BREAKER_AFTER", 5)  # Failures in a row.
BREAKER_BASE_S = env.float("STUDIO_BREAKER_BASE_S", 5.0)
# The sandbox has no account that somebody would have to mend.
ACCOUNT_PROBE_S = env.float("STUDIO_ACCOUNT_PROBE_S", 20.0 if IS_SANDBOX else 600.0)
LIST_MODELS_EVERY_S = 3600.0

# --- The gateway -----------------------------------------------------------------------------

GATEWAY_WAIT_S = env.float("STUDIO_GATEWAY_WAIT_S", 570.0)  # Official clients hang up after 600 s.
# Who left without an answer and asks for the very same so soon gets that job, not a second one.
GATEWAY_REJOIN_S = env.float("STUDIO_GATEWAY_REJOIN_S", 60.0)
GATEWAY_MAX_BODY_BYTES = env.int("STUDIO_GATEWAY_MAX_BODY_MB", 256) * 1024 * 1024
# Requests that wait, in each process. The second name is the old one, for one release.
GATEWAY_MAX_PENDING = env.int(
    "STUDIO_GATEWAY_MAX_PENDING", env.int("STUDIO_GATEWAY_MAX_HELD", 2000)
)
GATEWAY_MAX_QUEUED = env.int("STUDIO_GATEWAY_MAX_QUEUED", 200)  # A member's jobs not yet begun.
GATEWAY_KEY_REQUESTS_PER_MINUTE = env.int("STUDIO_GATEWAY_KEY_REQUESTS_PER_MINUTE", 120)
GATEWAY_MEMBER_REQUESTS_PER_MINUTE = env.int("STUDIO_GATEWAY_MEMBER_REQUESTS_PER_MINUTE", 300)
# Pages of these origins may call /v1 from a browser, with a key; `*` is all of them.
GATEWAY_ORIGINS: list[str] = env.list("STUDIO_GATEWAY_ORIGINS", [])
# Names of models that are gone, and who answers for them; see the table that it changes.
GATEWAY_MODEL_ALIASES = retired_names(env.json("STUDIO_MODEL_ALIASES", {}))
# Networks beside the public internet that a webhook may call, like 10.0.0.0/8; there http will do.
WEBHOOK_NETWORKS: list[str] = env.list("STUDIO_WEBHOOK_NETWORKS", [])

# --- Jobs ------------------------------------------------------------------------------------

# Without Valkey each worker process keeps to its share of the limits.
WORKERS = env.int("STUDIO_WORKERS", 1)
WORKER_THREADS = env.int("STUDIO_WORKER_THREADS", 200)
LEASE_S = env.float("STUDIO_LEASE_S", 30.0)
CALL_DEADLINE_S = env.float("STUDIO_CALL_DEADLINE_S", 600.0)
JOB_DEADLINE_S = env.float("STUDIO_JOB_DEADLINE_S", 6 * 3600.0)
HELD_DEADLINE_S = env.float("STUDIO_HELD_DEADLINE_S", 24 * 3600.0)
REDISPATCH_S = env.float("STUDIO_REDISPATCH_S", 15.0)
RETRY_BASE_S = env.float("STUDIO_RETRY_BASE_S", 2.0)
SWEEP_INTERVAL_S = env.float("STUDIO_SWEEP_INTERVAL_S", 1.0)
# What happens to a job of unknown outcome: somebody is asked, it is closed, or it is sent again.
HELD_POLICY = env.str("STUDIO_HELD_POLICY", "ask", validate=OneOf(["ask", "never", "retry"]))
HELD_RETRIES = env.int("STUDIO_HELD_RETRIES", 1)
CANARY_S = env.float("STUDIO_CANARY_S", 20.0)
# A folder of orders for the faults suite, which kills processes at chosen places; empty elsewhere.
# Refused here and by no system check: worker, sweeper and web processes run none.
_NO_FAILPOINTS = Equal(
    "", error="Whoever writes into that folder ends a public studio's processes."
)
FAILPOINTS = env.str("STUDIO_FAILPOINTS", "", validate=_NO_FAILPOINTS if IS_PUBLIC else [])
if not FAILPOINTS:  # The name that it had before.
    FAILPOINTS = env.str("STUDIO_KILL_POINTS", "", validate=_NO_FAILPOINTS if IS_PUBLIC else [])
MAX_CRASHES = 3
MAX_SERVER_ERRORS = 3
MAX_RATE_LIMITS = 30  # With the waits in between, some two hours.
BODIES_AT_ONCE = 8

# --- The app ---------------------------------------------------------------------------------

INSTALLED_APPS = [
    # Before Django's own, whose commands about passwords record nothing.
    "imagestudio.accounts.apps.AccountsConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "imagestudio.web.apps.StaticConfig",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "django_htmx",
    "pgtrigger",
    "imagestudio.apps.StudioConfig",
    "imagestudio.audit.apps.AuditConfig",
    "imagestudio.web.apps.WebConfig",
    "jobs.apps.JobsConfig",
]

MIDDLEWARE = [
    "imagestudio.web.middleware.SecurityHeaders",
    "imagestudio.web.hosts.OwnHost",
    "django.middleware.security.SecurityMiddleware",
    "imagestudio.web.static.StaticFilesMiddleware",
    "imagestudio.web.middleware.CompressedPages",
    "imagestudio.web.middleware.EnginesAway",
    "imagestudio.web.zones.ReaderZone",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "imagestudio.accounts.middleware.BoundedSession",
    "imagestudio.accounts.middleware.LoginRequired",
    "imagestudio.accounts.middleware.SamePerson",
    "imagestudio.accounts.middleware.CurrentTeam",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "imagestudio.urls"
ASGI_APPLICATION = "imagestudio.asgi.application"
APPEND_SLASH = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "imagestudio.web.context.studio",
                "jobs.pages.context.strips",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

# Parts of /readyz beyond the ground's own: name, and a function that raises when unwell.
READINESS_CHECKS = [
    ("sweeper", "jobs.services.run.heartbeats.assert_sweeper_alive"),
    ("worker", "jobs.services.run.heartbeats.assert_worker_hears"),
    ("storage", "jobs.services.run.heartbeats.assert_storage_takes"),
    ("spool", "jobs.services.run.heartbeats.assert_spool_drains"),
]

# --- People ----------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "imagestudio.accounts.hashers.BoundedArgon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
PASSWORD_RESET_TIMEOUT = 3600
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "imagestudio.accounts.adapter.ClosedDoorAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if IS_PUBLIC else "http"
TRUSTED_PROXIES = env.int("STUDIO_TRUSTED_PROXIES", 1 if IS_PUBLIC else 0)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

FIRST_ADMIN_EMAIL = env.str("STUDIO_ADMIN_EMAIL", "") or "admin@studio.example"
FIRST_ADMIN_PASSWORD = env.str("STUDIO_ADMIN_PASSWORD", "")

SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_CACHE_ALIAS = "sessions"
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
SESSION_COOKIE_AGE = 14 * 24 * 3600  # At the most, however busy it is.
SESSION_IDLE_S = env.int("STUDIO_SESSION_IDLE_S", 12 * 3600)
SESSION_IDLE_EXEMPT = ("/jobs/updates",)  # Open pages ask there by themselves.
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"

# --- Mail ------------------------------------------------------------------------------------

MAIL_DIR = DATA_DIR / "mail"
EMAIL_URL = env.str("EMAIL_URL", "")
if EMAIL_URL:
    vars().update(env.dj_email_url("EMAIL_URL") or {})
    EMAIL_TIMEOUT = 10
else:
    # Nothing is lost without a mail server: letters are files, and the page says where.
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = MAIL_DIR
DEFAULT_FROM_EMAIL = env.str("STUDIO_MAIL_FROM", "Image Studio <studio@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- Safety ----------------------------------------------------------------------------------

# The name is Django 6's, so that the setting survives the upgrade; our middleware reads it.
SECURE_CSP = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:", "blob:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "manifest-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "object-src": ["'none'"],
    "frame-ancestors": ["'none'"],
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100
DATA_UPLOAD_MAX_NUMBER_FILES = 20
SESSION_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "imagestudio.web.errors.csrf_failure"
if IS_PUBLIC:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    if TRUSTED_PROXIES:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "imagestudio.web.logs.OneLineFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("STUDIO_LOG_LEVEL", "INFO")},
    "loggers": {
        "django.server": {"handlers": ["console"], "propagate": False},
        "uvicorn": {"handlers": [], "propagate": True},
        "uvicorn.access": {"handlers": [], "propagate": False},
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
    },
}

env.seal()
