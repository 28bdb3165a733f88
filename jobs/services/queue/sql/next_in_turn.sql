-- The scheduler's question: the one job whose turn it is, locked for the claim that follows.
--
-- From member to member, not from job to job: the index is entered once for each who waits. First
-- comes who has the fewest jobs at work, then who waited longest since the last one, both by
-- weight. The last step locks one job; what another worker has in its hands at this moment is
-- passed over.

WITH RECURSIVE service (provider) AS (
    (SELECT provider FROM jobs_job WHERE state = 'queued' ORDER BY provider LIMIT 1)
    UNION ALL
    SELECT (SELECT provider FROM jobs_job
             WHERE state = 'queued' AND provider > service.provider
             ORDER BY provider LIMIT 1)
      FROM service WHERE provider IS NOT NULL
), waiting (provider, owner_id, id) AS (
    SELECT eldest.* FROM service CROSS JOIN LATERAL (
           SELECT provider, owner_id, id FROM jobs_job
            WHERE state = 'queued' AND provider = service.provider
            ORDER BY owner_id, id LIMIT 1) AS eldest
    UNION ALL
    SELECT eldest.* FROM waiting CROSS JOIN LATERAL (
           SELECT provider, owner_id, id FROM jobs_job
            WHERE state = 'queued' AND provider = waiting.provider
              AND owner_id > waiting.owner_id
            ORDER BY owner_id, id LIMIT 1) AS eldest
), closed AS (
    SELECT provider, until > clock_timestamp() OR EXISTS (
               SELECT FROM jobs_job WHERE id = probe_job_id AND fence = probe_fence
                  AND state = 'running') AS is_closed,
           -- Who was refused is no test for the others, except where nobody else waits.
           last_at > clock_timestamp() - make_interval(secs => %s) OR EXISTS (
               SELECT FROM jobs_job AS other WHERE other.state = 'queued'
                  AND other.provider = trouble.provider AND other.error_code <> %s
                  AND run_after <= clock_timestamp() AND deadline_at > clock_timestamp()
           ) AS spares_refused
      FROM jobs_providertrouble AS trouble WHERE until IS NOT NULL
), running AS (
    SELECT provider, owner_id, count(*) AS jobs FROM jobs_job
     WHERE state = 'running' GROUP BY provider, owner_id
), turn AS MATERIALIZED (
    SELECT provider, owner_id, closed.is_closed IS NOT NULL AS is_half_open,
           closed.spares_refused IS TRUE AS spares_refused
      FROM waiting
           LEFT JOIN closed USING (provider)
           LEFT JOIN running USING (provider, owner_id)
           LEFT JOIN jobs_queueshare AS share ON share.user_id = owner_id
           LEFT JOIN LATERAL (
               SELECT extract(epoch FROM clock_timestamp() - claimed_at) AS age_s
                 FROM jobs_job AS done
                WHERE done.provider = waiting.provider AND done.owner_id = waiting.owner_id
                  AND claimed_at IS NOT NULL
                ORDER BY claimed_at DESC LIMIT 1) AS last ON true
     WHERE provider <> ALL (%s::text[]) AND closed.is_closed IS NOT TRUE
     ORDER BY COALESCE(jobs, 0) / COALESCE(weight, 1)::float,
              age_s * COALESCE(weight, 1) DESC NULLS FIRST, waiting.id
)
SELECT job.*, is_half_open
  FROM turn CROSS JOIN LATERAL (
       SELECT id, provider, fence, n, estimate_low_microusd, estimate_high_microusd
         FROM jobs_job
        WHERE state = 'queued' AND provider = turn.provider AND owner_id = turn.owner_id
          AND run_after <= clock_timestamp() AND deadline_at > clock_timestamp()
          AND NOT (turn.spares_refused AND error_code = %s)
        ORDER BY id LIMIT 1
          FOR UPDATE SKIP LOCKED) AS job
 LIMIT 1
