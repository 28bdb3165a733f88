from django.db import migrations, models

# The last time that a message is searched for words: until now its text alone told whether it
# speaks of money, and who shows it must not say so twice.
OLD_ROWS = """
    UPDATE jobs_job SET error_money = 'said'
     WHERE error_message LIKE '%spent%' OR error_message LIKE '%billed%'
"""


class Migration(migrations.Migration):
    dependencies = [("jobs", "0012_unread_answers")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="error_money",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", ""),
                    ("said", "said"),
                    ("nothing", "nothing"),
                    ("it_may", "it_may"),
                    ("call_may", "call_may"),
                    ("still_may", "still_may"),
                    ("not_repeated", "not_repeated"),
                    ("probably", "probably"),
                    ("all_the_same", "all_the_same"),
                ],
                db_default="",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="job", name="error_more", field=models.TextField(blank=True, db_default="")
        ),
        migrations.AddField(
            model_name="job", name="after_doubt", field=models.BooleanField(db_default=False)
        ),
        migrations.RunSQL(OLD_ROWS, migrations.RunSQL.noop),
    ]
