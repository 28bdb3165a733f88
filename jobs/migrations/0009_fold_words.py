# ruff: noqa: RUF001 - Letters that look alike are what this is about.
"""One way to compare words: without case, accents, kinds of quotes or widths of letters.

A function of the database, so that both sides of a search go through the same one; what it makes of
a prompt is kept, since it costs fifty times what looking for a word in it does. Older prompts are
folded a batch at a time, beside running jobs.
"""

from typing import Any

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

FOLD = r"""
CREATE FUNCTION studio_fold(words text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN octet_length(words) = char_length(words)
        THEN replace(lower(words), '`', '''')  -- ASCII has no accents: fast, and most prompts.
        ELSE replace(replace(replace(replace(translate(
            -- Decomposed, an accent is a character of its own; so are the vowel signs of Hebrew
            -- and Arabic, which few people type. What has no width is no part of a word.
            regexp_replace(
                normalize(lower(normalize(words, NFKC)), NFD),
                '[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u00ad\u200b-\u200f\u2060\ufeff]',
                '', 'g'),
            'øłđħıς' || '’‘‛ʼ′`' || '“”„‟″«»' || '–—‐‑−',
            'oldhiσ' || repeat('''', 6) || repeat('"', 7) || repeat('-', 5)),
            'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th')
        END
$$
"""


# The trigger does it; whatever is written here, it writes its own.
BATCH = """
    WITH batch AS (SELECT id FROM jobs_job WHERE id > %s ORDER BY id LIMIT 2000),
         folded AS (UPDATE jobs_job SET folded_prompt = '' FROM batch WHERE jobs_job.id = batch.id)
    SELECT id FROM batch ORDER BY id DESC LIMIT 1
"""
FIRST = "00000000-0000-0000-0000-000000000000"


def fold_what_is_there(apps: Any, schema_editor: Any) -> None:
    last: Any = FIRST
    with schema_editor.connection.cursor() as cursor:
        while last is not None:
            cursor.execute(BATCH, [last])
            row = cursor.fetchone()
            last = row[0] if row else None


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("jobs", "0008_last_claim")]

    operations = [
        migrations.RunSQL(FOLD, "DROP FUNCTION studio_fold(text)"),
        migrations.AddField(
            "job",
            "folded_prompt",
            models.TextField(db_default="", editable=False),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="job",
            trigger=pgtrigger.compiler.Trigger(
                name="fold",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="NEW.folded_prompt = studio_fold(NEW.prompt); RETURN NEW;",
                    hash="466c1de518d66ec2572cc40f00bfd884aa20ff82",
                    operation='INSERT OR UPDATE OF "prompt", "folded_prompt"',
                    pgid="pgtrigger_fold_d1943",
                    table="jobs_job",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RunPython(fold_what_is_there, migrations.RunPython.noop),
    ]
