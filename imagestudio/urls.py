"""Every address of the studio. A new one needs its row in tests/house/test_roles.py."""

from allauth.account import views as account
from django.contrib import admin
from django.urls import include, path, re_path

from imagestudio.accounts.views import switch_team
from imagestudio.web.health import healthz, readyz

accounts = [
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("signup/", account.signup, name="account_signup"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("confirm-email/", account.email_verification_sent, name="account_email_verification_sent"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/set/", account.password_set, name="account_set_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("accounts/", include(accounts)),
    path("teams/current/", switch_team, name="accounts_switch_team"),
    path("admin/", admin.site.urls),
    path("", include("jobs.gateway.urls")),
    path("", include("jobs.pages.urls")),
]

handler400 = "imagestudio.web.errors.bad_request"
handler403 = "imagestudio.web.errors.forbidden"
handler404 = "imagestudio.web.errors.not_found"
handler500 = "imagestudio.web.errors.server_error"
