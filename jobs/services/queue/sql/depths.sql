-- Each member's part of the queues of some services: waiting, counted up to a limit, and running.

WITH RECURSIVE owner (provider, owner_id) AS (
    SELECT name, (SELECT owner_id FROM jobs_job
                   WHERE state = 'queued' AND provider = name ORDER BY owner_id LIMIT 1)
      FROM unnest(%s::text[]) AS name
    UNION ALL
    SELECT provider, (SELECT owner_id FROM jobs_job
                       WHERE state = 'queued' AND provider = owner.provider
                         AND owner_id > owner.owner_id ORDER BY owner_id LIMIT 1)
      FROM owner WHERE owner_id IS NOT NULL
), waiting AS (
    SELECT provider, owner_id, (SELECT count(*) FROM (
               SELECT FROM jobs_job WHERE state = 'queued' AND provider = owner.provider
                  AND owner_id = owner.owner_id LIMIT %s) AS few) AS waiting
      FROM owner WHERE owner_id IS NOT NULL
), running AS (
    SELECT provider, owner_id, count(*) AS running FROM jobs_job
     WHERE state = 'running' GROUP BY provider, owner_id
)
SELECT provider, owner_id, COALESCE(waiting, 0), COALESCE(running, 0)
  FROM waiting FULL JOIN running USING (provider, owner_id)
