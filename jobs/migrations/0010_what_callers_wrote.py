from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0009_fold_words")]

    operations = [
        migrations.AddField(
            model_name="job", name="asked", field=models.JSONField(blank=True, null=True)
        )
    ]
