"""A key counts as its owner's when it is not older than the membership, which two clocks wrote."""

from django.db import migrations

OF_SERVICES = """
    UPDATE accounts_apikey AS key SET created_at = membership.joined_at
      FROM accounts_membership AS membership JOIN accounts_user AS owner ON owner.id = user_id
     WHERE owner.is_service AND key.owner_id = owner.id AND key.team_id = membership.team_id
       AND key.created_at < membership.joined_at
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_api_keys")]
    operations = [migrations.RunSQL(OF_SERVICES, migrations.RunSQL.noop)]
