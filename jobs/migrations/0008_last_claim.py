"""The last claim decides whose turn it is, not the first. Indexes are made beside running jobs."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("jobs", "0007_callers_of_jobs")]

    operations = [
        migrations.AddField("job", "claimed_at", models.DateTimeField(blank=True, null=True)),
        AddIndexConcurrently(
            "job",
            models.Index(
                fields=["provider", "owner", "-claimed_at"],
                name="job_by_claim",
                condition=Q(claimed_at__isnull=False),
            ),
        ),
        RemoveIndexConcurrently("job", "job_by_start"),
    ]
