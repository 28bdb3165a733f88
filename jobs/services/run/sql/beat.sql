-- A part's sign of life, by the database's clock.

INSERT INTO jobs_pulse (name, at) VALUES (%s, clock_timestamp())
ON CONFLICT (name) DO UPDATE SET at = excluded.at
