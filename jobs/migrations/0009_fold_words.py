# ruff: noqa: RUF001 - Letters that look alike are what this is about.
"""One way to compare words: without case, accents, kinds of quotes or widths of letters.

A function of the database, so that both sides of a search go through the same one; what it makes of
a prompt is kept, since it costs fifty times what looking for a word in it does.
"""

from django.db import migrations, models
from django.db.models import F, Func

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


class Migration(migrations.Migration):
    dependencies = [("jobs", "0008_last_claim")]

    operations = [
        migrations.RunSQL(FOLD, "DROP FUNCTION studio_fold(text)"),
        migrations.AddField(
            "job",
            "folded_prompt",
            models.GeneratedField(
                expression=Func(F("prompt"), function="studio_fold"),
                output_field=models.TextField(),
                db_persist=True,
            ),
        ),
    ]
