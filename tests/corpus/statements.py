"""What somebody may try who gets a statement of their own past the application."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Statement:
    name: str
    sql: str


FORBIDDEN = (
    Statement("a program of the machine", "COPY (SELECT 1) TO PROGRAM 'id'"),
    Statement("a program's words", "CREATE TEMP TABLE t (x text); COPY t FROM PROGRAM 'id'"),
    Statement("a file of the machine", "SELECT pg_read_file('/etc/passwd')"),
    Statement("a file as rows", "CREATE TEMP TABLE t (x text); COPY t FROM '/etc/passwd'"),
    Statement("triggers off", "SET session_replication_role = replica"),
    Statement("one trigger off", "ALTER TABLE audit_entry DISABLE TRIGGER ALL"),
    Statement("the log rewritten", "UPDATE audit_entry SET verb = 'nothing'"),
    Statement("the log cut", "DELETE FROM audit_entry"),
    Statement("a table gone", "DROP TABLE jobs_event"),
    Statement("a table of its own", "CREATE TABLE mine (x int)"),
    Statement("a function of its own", "CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1"),
    Statement("a role of its own", "CREATE ROLE eve SUPERUSER"),
    Statement("more power", "ALTER ROLE CURRENT_USER SUPERUSER"),
    Statement("being the owner", "SET ROLE studio"),
    Statement("the owner's password", "SELECT rolpassword FROM pg_authid"),
    Statement("what the server writes down", "SET log_statement = 'all'"),
    Statement("a migration undone", "DELETE FROM django_migrations"),
    Statement(
        "a migration made up",
        "INSERT INTO django_migrations (app, name, applied) VALUES ('x', 'y', now())",
    ),
    Statement(
        "another's session ended",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'studio'",
    ),
)
