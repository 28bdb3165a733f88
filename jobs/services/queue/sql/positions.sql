-- How many jobs of the same member wait before each of these, counted up to a limit: the index is
-- read for so many rows of a member and no more.

SELECT mine.id, (SELECT count(*) FROM (
           SELECT FROM jobs_job AS before
            WHERE before.state = 'queued' AND before.provider = mine.provider
              AND before.owner_id = mine.owner_id AND before.id < mine.id
            LIMIT %s) AS few)
  FROM jobs_job AS mine WHERE mine.id = ANY (%s) AND mine.state = 'queued'
