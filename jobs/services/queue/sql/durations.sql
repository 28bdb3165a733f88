-- How long the last answered calls to one model of a service took: the median and the 90th
-- percentile.

SELECT percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY took_s)
  FROM (SELECT extract(epoch FROM answered_at - sent_at)::float AS took_s
          FROM (SELECT * FROM jobs_attempt WHERE provider = %s AND outcome = 'answered'
                 ORDER BY id DESC LIMIT 1000) AS attempt
               JOIN jobs_job AS job ON job.id = job_id
         WHERE job.model = %s ORDER BY attempt.id DESC LIMIT %s) AS few
