-- Extend the leases of a worker's jobs and give those that are still its own.
-- A row that somebody else has locked is left out, and stays ours: it must not cost all others
-- their leases, and the next beat comes soon.

WITH lease (id, fence) AS (SELECT * FROM unnest(%s::uuid[], %s::int[])
), mine AS (
    SELECT id, job.fence FROM jobs_job AS job JOIN lease USING (id, fence)
     WHERE state = 'running'
), free AS (
    SELECT id, job.fence FROM jobs_job AS job JOIN lease USING (id, fence)
     WHERE state = 'running' FOR UPDATE OF job SKIP LOCKED
), beat AS (
    UPDATE jobs_job AS job SET lease_until = clock_timestamp() + make_interval(secs => %s)
      FROM free WHERE job.id = free.id AND job.fence = free.fence
)
SELECT id, fence FROM mine
