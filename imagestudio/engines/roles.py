"""Two roles in the database: one owns the tables, the application uses them and owns nothing.

So whoever gets a statement past the application can read and write rows, as the application can,
and neither switch a trigger off, nor rewrite the audit log, nor run a program of the machine.
"""

from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

APPLICATION = "studio_app"
ALL = ("SELECT", "INSERT", "UPDATE", "DELETE")
# What the application only reads, or only adds to.
NARROWER = {"django_migrations": ("SELECT",), "audit_entry": ("SELECT", "INSERT")}
IS_THERE = "SELECT 1 FROM pg_roles WHERE rolname = %s"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"


@dataclass(frozen=True, slots=True)
class Login:
    role: str
    password: str

    @classmethod
    def of(cls, url: str) -> "Login":
        parts = urlsplit(url)
        return cls(unquote(parts.username or ""), unquote(parts.password or ""))

    def at(self, url: str) -> str:
        """The same database by this login."""
        parts = urlsplit(url)
        place = parts.netloc.rpartition("@")[2]
        who = f"{quote(self.role, safe='')}:{quote(self.password, safe='')}"
        return urlunsplit(parts._replace(netloc=f"{who}@{place}"))


def separate(owner: psycopg.Connection, application: Login) -> None:
    """Let the application in, and give it what it needs of the tables that there are."""
    if not _can_sign_in(owner, application):
        _let_in(owner, application)
    with owner.transaction():
        _grant(owner, application.role)


def _can_sign_in(owner: psycopg.Connection, application: Login) -> bool:
    place = owner.info.get_parameters() | {"connect_timeout": "5"}
    try:
        who = {"user": application.role, "password": application.password}
        psycopg.connect(**place | who).close()  # type: ignore[arg-type]
    except psycopg.OperationalError:
        return False
    return True


def _let_in(owner: psycopg.Connection, application: Login) -> None:
    is_there = owner.execute(IS_THERE, [application.role]).fetchone()
    # Hashed here: a statement may end up in the server's log.
    verifier = owner.pgconn.encrypt_password(
        application.password.encode(), application.role.encode(), b"scram-sha-256"
    )
    owner.execute(
        sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
            sql.SQL("ALTER" if is_there else "CREATE"),
            sql.Identifier(application.role),
            sql.Literal(verifier.decode()),
        )
    )


def _grant(owner: psycopg.Connection, role: str) -> None:
    name = sql.Identifier(role)
    for (table,) in owner.execute(TABLES).fetchall():
        rights = sql.SQL(", ").join(map(sql.SQL, NARROWER.get(table, ALL)))
        place = sql.Identifier("public", table)
        owner.execute(sql.SQL("REVOKE ALL ON {} FROM {}").format(place, name))
        owner.execute(sql.SQL("GRANT {} ON {} TO {}").format(rights, place, name))
    owner.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name))
    owner.execute(sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}").format(name))
