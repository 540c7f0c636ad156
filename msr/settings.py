"""All settings of the product; their values come from the environment (`msr.env`).

The module imports with an empty environment, but nothing serves without secrets: an
empty SECRET_KEY, token key or notification secret is refused where it is used.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import django_stubs_ext
from csp.constants import NONE, SELF

from msr import env, logs, oidc, rest

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

# --- The portal -------------------------------------------------------------------

SECRET_KEY = env.text("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
DEBUG = env.boolean("DEBUG", default=False)
PUBLIC_URL = env.text("PUBLIC_URL", "http://localhost:8000").rstrip("/")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]"))
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
SECURE = PUBLIC_URL.startswith("https://")

INSTALLED_APPS = [
    "accounts",
    "repositories",
    "promotions",
    "msr.apps.MsrConfig",
    "msr.apps.MsrAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "django_htmx",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "guardian",
    "rest_framework",
]

MIDDLEWARE = [
    "msr.request_ids.request_id",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "accounts.middleware.private_pages",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "msr.problems.handlers.not_allowed_page",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.LostSession",
    "django_structlog.middlewares.RequestMiddleware",
]

ROOT_URLCONF = "msr.urls"
WSGI_APPLICATION = "msr.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False
APPEND_SLASH = False

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "msr.frames.frame",
            ],
        },
    },
]

STATIC_URL = "static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(BASE_DIR / "staticfiles")))
WHITENOISE_USE_FINDERS = True

# --- Security ---------------------------------------------------------------------

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SECURE_SSL_REDIRECT = env.boolean("SSL_REDIRECT", default=SECURE)
SECURE_HSTS_SECONDS = env.integer("HSTS_SECONDS", 31_536_000 if SECURE else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
if env.boolean("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = 1  # the last entry of X-Forwarded-For is the client
CSRF_FAILURE_VIEW = "accounts.views.signing_in.form_expired"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

# --- People and rights ------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    # By its module: that is how sessions of providers and passkeys call it.
    "accounts.authentication.people.PeopleBackend",
    "guardian.backends.ObjectPermissionBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ANONYMOUS_USER_NAME = None  # guardian's stored anonymous user is switched off
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "promotions:dashboard"
LOGOUT_REDIRECT_URL = "accounts:login"

# --- Signing in (allauth) ---------------------------------------------------------

ACCOUNT_ADAPTER = "accounts.adapters.signing_in.SignInAdapter"
ACCOUNT_FORMS = {"login": "accounts.forms.signing_in.SignInForm"}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]  # of no form: nobody signs up
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_UNIQUE_EMAIL = False
ACCOUNT_SESSION_REMEMBER = True
# Wrong passwords: of one address, and for one name (of one browser that was let in
# before: see the adapter). Of programs: of one address, and for one name from there.
ACCOUNT_RATE_LIMITS = {
    "login_failed": "20/m/ip,5/5m/key",
    "program_login_failed": "100/m/ip,30/5m/key",
}
MFA_ADAPTER = "accounts.adapters.second_factor.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1  # a clock that is half a minute wrong
MFA_RECOVERY_CODES_SHOW_ONCE = True
SOCIALACCOUNT_ADAPTER = "accounts.adapters.providers.ProviderAdapter"
SOCIALACCOUNT_REAUTHENTICATION_REQUIRED = True
SOCIALACCOUNT_PROVIDERS = oidc.configured(env.text("OIDC_PROVIDERS"))

# --- Database, cache, broker ------------------------------------------------------

DATABASES: dict[str, dict[str, Any]] = {
    "default": env.database("DATABASE_URL", f"sqlite:///{BASE_DIR / 'msr.sqlite3'}"),
}

REDIS_URL = env.text("REDIS_URL", "redis://localhost:6379/0")
CACHES = {
    "default": {
        "BACKEND": "msr.cache.SignInCache",
        "LOCATION": REDIS_URL.replace("redis+socket://", "unix://"),
    },
}

# --- The registry and its tokens --------------------------------------------------

REGISTRY_URL = env.text("REGISTRY_URL", "http://localhost:5000").rstrip("/")
REGISTRY_PUBLIC_HOST = env.text("REGISTRY_PUBLIC_HOST", "localhost:5000")
REGISTRY_CONNECT_TIMEOUT = env.number("REGISTRY_CONNECT_TIMEOUT", 5.0)
REGISTRY_READ_TIMEOUT = env.number("REGISTRY_READ_TIMEOUT", 30.0)
TOKEN_KEY_FILE = env.text("TOKEN_KEY_FILE")
TOKEN_CERT_FILE = env.text("TOKEN_CERT_FILE")
TOKEN_ISSUER = env.text("TOKEN_ISSUER", "msr")
TOKEN_SERVICE = env.text("TOKEN_SERVICE", "registry")
TOKEN_LIFETIME = env.integer("TOKEN_LIFETIME", 300)
NOTIFICATION_SECRET = env.text("NOTIFICATION_SECRET")
NOTIFICATION_MAX_BYTES = env.integer("NOTIFICATION_MAX_BYTES", 512 * 1024)

# --- Calls to addresses that people name ------------------------------------------

OUTBOUND_ALLOW = env.words("OUTBOUND_ALLOW")
OUTBOUND_DENY = env.words("OUTBOUND_DENY")
OUTBOUND_PROXY = env.text("OUTBOUND_PROXY")
CA_BUNDLE = env.text("CA_BUNDLE")
SCANNER_REGISTRY_URL = env.text("SCANNER_REGISTRY_URL", REGISTRY_URL).rstrip("/")

# --- Work: leases, retries, periods (seconds) -------------------------------------

LEASE_SECONDS = env.integer("LEASE_SECONDS", 60)
SWEEP_PERIOD = env.number("SWEEP_PERIOD", 5.0)
RECONCILE_PERIOD = env.integer("RECONCILE_PERIOD", 3600)
RECONCILE_BRAKE = env.number("RECONCILE_BRAKE", 0.2)
EVENT_ATTEMPTS = env.integer("EVENT_ATTEMPTS", 10)
PROMOTION_ATTEMPTS = env.integer("PROMOTION_ATTEMPTS", 8)
SCAN_ON_PUSH = env.boolean("SCAN_ON_PUSH", default=True)
SCAN_DEADLINE = env.integer("SCAN_DEADLINE", 1800)
SCAN_ATTEMPTS = env.integer("SCAN_ATTEMPTS", 4)
SCAN_LAYER_BYTES = env.integer("SCAN_LAYER_BYTES", 4 * 1024**3)
SCAN_MEMORY = env.integer("SCAN_MEMORY", 2 * 1024**3)
SCAN_DISK = env.integer("SCAN_DISK", 8 * 1024**3)
SCAN_FOLDER = env.text("SCAN_FOLDER")
REPORT_MAX_BYTES = env.integer("REPORT_MAX_BYTES", 64 * 1024 * 1024)
RETRY_BASE_SECONDS = env.number("RETRY_BASE_SECONDS", 2.0)
COPY_PARALLELISM = env.integer("COPY_PARALLELISM", 8)
POLICY_EDITORS = env.choice(
    "POLICY_EDITORS", ("namespace-admins", "own-namespace", "administrators")
)
DECISION_DAYS = env.integer("DECISION_DAYS", 90)
EVENT_DAYS = env.integer("EVENT_DAYS", 0)
EVENT_COUNT = env.integer("EVENT_COUNT", 0)
EVIDENCE_MAX_AGE_DAYS = env.integer("EVIDENCE_MAX_AGE_DAYS", 7)
RESCAN_PERIOD = env.integer("RESCAN_PERIOD", 86_400)
PROPOSALS_PER_HOUR = env.integer("PROPOSALS_PER_HOUR", 20)
WEBHOOK_TIMEOUT = env.number("WEBHOOK_TIMEOUT", 10.0)
WEBHOOK_ATTEMPTS = env.integer("WEBHOOK_ATTEMPTS", 30)
WEBHOOK_RETRY_SECONDS = env.number("WEBHOOK_RETRY_SECONDS", 30.0)
WEBHOOK_DAYS = env.integer("WEBHOOK_DAYS", 30)
WEBHOOK_TESTS_PER_HOUR = env.integer("WEBHOOK_TESTS_PER_HOUR", 30)
PROMOTION_MAX_HOPS = env.integer("PROMOTION_MAX_HOPS", 16)
PROMOTION_MAX_PER_PUSH = env.integer("PROMOTION_MAX_PER_PUSH", 256)

# --- Trivy, where it is on PATH ---------------------------------------------------

TRIVY_PROGRAM = env.text("TRIVY_PROGRAM", "trivy")
TRIVY_SERVER = env.text("TRIVY_SERVER")
TRIVY_SERVER_TOKEN = env.text("TRIVY_SERVER_TOKEN")
TRIVY_FOLDER = Path(env.text("TRIVY_FOLDER", str(Path.home() / ".cache" / "trivy")))
TRIVY_UPDATE_PERIOD = env.integer("TRIVY_UPDATE_PERIOD", 86_400)
TRIVY_MIRROR = env.text("TRIVY_MIRROR")
TRIVY_JAVA = env.boolean("TRIVY_JAVA", default=True)
TRIVY_JAVA_MIRROR = env.text("TRIVY_JAVA_MIRROR")

# --- Messages ---------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_SOFT_TIME_LIMIT = env.integer("TASK_SOFT_TIME_LIMIT", 3600)
CELERY_TASK_TIME_LIMIT = env.integer("TASK_TIME_LIMIT", 3660)
CELERY_TASK_DEFAULT_QUEUE = "maintenance"
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_TIMEOUT = 0.2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Whoever publishes notices at once that the broker is away, or does not answer:
    # the row is in the database, and the sweeper sends its message later.
    "max_retries": 0,
    "socket_connect_timeout": 1.0,
    "socket_timeout": 5.0,
    # A dead worker's messages come back after seconds, not after minutes.
    "visibility_timeout": env.integer("VISIBILITY_TIMEOUT", 7200),
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
}

# --- The API ----------------------------------------------------------------------

API_BEARER_LIFETIME = env.integer("API_BEARER_LIFETIME", 900)
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
API_RATE = env.rate("API_RATE", "12000/m")
API_RATE_ANONYMOUS = env.rate("API_RATE_ANONYMOUS", "600/m")
API_RATE_WRITES = env.rate("API_RATE_WRITES", "6000/m")
API_RATE_COSTLY = env.rate("API_RATE_COSTLY", "300/m")
REST_FRAMEWORK = rest.FRAMEWORK
SPECTACULAR_SETTINGS = rest.SCHEMA

# --- Logs -------------------------------------------------------------------------

DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True  # of our own middleware, that is
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_CELERY_DEFAULT_LOG_LEVEL = logging.DEBUG  # sweepers run all the time
LOGGING = logs.configured(
    level=env.text("LOG_LEVEL", "INFO"), form=env.text("LOG_FORMAT", "json")
)
