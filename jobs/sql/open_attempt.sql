-- The last write before the socket: nothing is sent without this row, and whoever lost the
-- lease gets none.

INSERT INTO jobs_attempt (job_id, fence, number, provider, outcome, sent_at, error_code,
                          error_message, upstream_request_id)
SELECT id, fence, attempt, provider, 'sent', clock_timestamp(), '', '', ''
  FROM jobs_job
 WHERE id = %s AND fence = %s AND state = 'running' AND lease_until > clock_timestamp()
   FOR UPDATE
RETURNING *
