"""Users, teams and memberships; API keys with their scopes."""

from typing import Any, ClassVar

import pgtrigger
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.crypto import salted_hmac

from imagestudio.ids import uuid7

END_SESSIONS = pgtrigger.Trigger(
    name="end_sessions",
    when=pgtrigger.Before,
    operation=pgtrigger.UpdateOf("is_active", "session_version"),
    func="""
        -- Whoever saves what they read earlier brings no session back to life.
        NEW.session_version = GREATEST(OLD.session_version, NEW.session_version);
        IF OLD.is_active AND NOT NEW.is_active THEN
            NEW.session_version = OLD.session_version + 1;
        END IF;
        RETURN NEW;
    """,
)
KEEP_A_SUPERUSER = pgtrigger.Trigger(
    name="keep_a_superuser",
    when=pgtrigger.After,
    operation=pgtrigger.UpdateOf("is_active", "is_superuser") | pgtrigger.Delete,
    func="""
        IF NOT (OLD.is_active AND OLD.is_superuser) THEN
            RETURN NULL;
        END IF;
        -- One after the other: two who step down at once would each see the other stay.
        PERFORM pg_advisory_xact_lock(7566450);  -- "sup"
        IF NOT EXISTS (SELECT 1 FROM accounts_user WHERE is_active AND is_superuser) THEN
            RAISE EXCEPTION 'the last superuser who can sign in has to stay'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    """,
)


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person, known by their e-mail address."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(
        "e-mail address",
        max_length=254,
        unique=True,
        error_messages={"unique": "Somebody with this e-mail address is here already."},
    )
    name = models.CharField(max_length=100, blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    # A program's own account in a team: it has keys, no password and no mailbox.
    is_service = models.BooleanField(default=False)
    # Raised to end all sessions; the database raises it when somebody is locked out.
    session_version = models.PositiveIntegerField(default=0, editable=False)
    date_joined = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(email=Lower("email")), name="user_email_is_lower_case"
            )
        ]
        triggers = [END_SESSIONS, KEEP_A_SUPERUSER]

    def __str__(self) -> str:
        return self.display_name

    def clean(self) -> None:
        super().clean()
        others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=self.pk)
        was_one = User.objects.filter(pk=self.pk, is_superuser=True, is_active=True).exists()
        if was_one and not (self.is_superuser and self.is_active) and not others.exists():
            raise ValidationError(
                "This is the only superuser who can sign in: make another one first."
            )

    def _get_session_auth_hash(self, secret: Any = None) -> str:
        """What a session must agree with: the password, and how often all of them were ended."""
        ours: str = super()._get_session_auth_hash(secret=secret)  # type: ignore[misc]
        if not self.session_version:
            return ours
        salt = "imagestudio.accounts.session_version"
        value = f"{ours}:{self.session_version}"
        return salted_hmac(salt, value, secret=secret, algorithm="sha256").hexdigest()

    @property
    def display_name(self) -> str:
        return self.name or self.email.partition("@")[0]

    @property
    def initials(self) -> str:
        words = self.display_name.replace(".", " ").split()
        return "".join(word[0] for word in words[:2]).upper()


class Role(models.TextChoices):
    ADMIN = "admin", "Admin"
    MEMBER = "member", "Member"
    VIEWER = "viewer", "Viewer"


class Team(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=80)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    members = models.ManyToManyField(User, through="Membership", related_name="teams")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "team"], name="membership_unique")]

    def __str__(self) -> str:
        return f"{self.user} in {self.team} as {self.role}"


class Scope(models.TextChoices):
    GENERATE = "generate", "Generate"
    EDIT = "edit", "Edit"
    READ = "read", "Read"


class ApiKey(models.Model):
    """Lets a program act as its owner in one team. Of the key itself only a hash is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="api_keys")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=60)
    hash = models.CharField(max_length=64, unique=True)  # SHA-256 of the whole key, in hex.
    hint = models.CharField(max_length=20)  # Its first and last characters, to tell keys apart.
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope))
    networks = ArrayField(
        models.CharField(max_length=50), default=list, blank=True
    )  # Empty: anywhere.
    requests_per_minute = models.PositiveIntegerField(
        null=True, blank=True
    )  # None: the studio's limit.
    webhook_url = models.CharField(max_length=500, blank=True)
    webhook_secret = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)  # Written once a minute at most.
    replaced_by = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="replaces"
    )

    objects: ClassVar[models.Manager["ApiKey"]]

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(scopes=[]), name="api_key_may_do_something")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint})"
