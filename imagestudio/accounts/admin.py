from collections.abc import Iterable
from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.forms import BaseInlineFormSet
from django.http import HttpRequest

from imagestudio.accounts.models import Membership, Role, Team, User
from imagestudio.audit.admin import Audited

# The stock admin has no limit on sign-in attempts of its own.
admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
# Whoever could change an address could have a new password sent there, and be that person.
admin.site.unregister(EmailAddress)
# Roles are ours; rights by Django's groups would lead past them.
admin.site.unregister(Group)


class MembershipFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    def clean(self) -> None:
        """A team keeps an admin; looked at as a whole, since one may follow another."""
        super().clean()
        had = Membership.objects.filter(
            team=self.instance.pk, role=Role.ADMIN, user__is_active=True
        ).exists()
        if had and not any(_is_admin(values) for values in self._staying()):
            raise ValidationError("A team keeps at least one admin who can sign in.")

    def _staying(self) -> Iterable[dict[str, Any]]:
        return (f.cleaned_data for f in self.forms if f.is_valid() and f not in self.deleted_forms)


def _is_admin(values: dict[str, Any]) -> bool:
    return values.get("role") == Role.ADMIN and values["user"].is_active


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Membership
    formset = MembershipFormSet
    extra = 0
    autocomplete_fields = ["user"]


@admin.register(Team)
class TeamAdmin(Audited, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["name", "created_at"]
    inlines = [MembershipInline]


@admin.register(User)
class UserAdmin(Audited, admin.ModelAdmin):  # type: ignore[type-arg]
    """Who is here, and the switch that locks somebody out; passwords are never set by admins."""

    list_display = ["email", "name", "is_active", "is_superuser", "last_login"]
    search_fields = ["email", "name"]
    fields = ["email", "name", "is_active", "is_staff", "is_superuser", "last_login", "date_joined"]
    readonly_fields = ["email", "last_login", "date_joined"]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Who may tick `superuser` here is one: no lesser right makes somebody that."""
        return bool(request.user.is_active and request.user.is_superuser)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False
