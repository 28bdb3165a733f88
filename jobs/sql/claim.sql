-- Take a queued, due job and shut out whoever had it before: the fence goes up by one.

UPDATE jobs_job
   SET state = 'running', fence = fence + 1, attempt = attempt + 1,
       claimed_at = clock_timestamp(),
       started_at = COALESCE(started_at, clock_timestamp()),
       lease_until = clock_timestamp() + make_interval(secs => %s),
       error_code = '', error_message = '', error_param = '', decided_by_id = NULL,
       error_what = '', error_money = '', error_more = '', after_doubt = false
 WHERE id = %s AND state = 'queued' AND run_after <= clock_timestamp()
   AND deadline_at > clock_timestamp()
RETURNING *
