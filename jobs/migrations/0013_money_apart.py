from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0012_unread_answers")]

    # Columns with defaults, and no row is rewritten: the message that is there goes on being all of
    # it, for processes of an earlier release as well, and its parts count where they join to it.
    operations = [
        migrations.AddField(
            model_name="job", name="error_what", field=models.TextField(blank=True, db_default="")
        ),
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
    ]
