"""A draft that another page's form writes over is set aside."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0010_what_callers_wrote")]

    operations = [
        migrations.AddField("saveddraft", "form", models.CharField(default="", max_length=255)),
        migrations.AddField("saveddraft", "aside", models.JSONField(null=True)),
    ]
