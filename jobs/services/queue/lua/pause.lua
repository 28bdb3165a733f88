-- Stop the calls to a provider for a while, longer from round to round where it names no time.
-- Hundreds of refusals of one moment are one refusal: only the first after a pause makes it longer.

local before = tonumber(redis.call('HGET', KEYS[1], 'pause') or 0)
local rounds = tonumber(redis.call('HGET', KEYS[1], 'rounds') or 0)
local ms = tonumber(ARGV[1])
if ms == 0 then ms = math.min(tonumber(ARGV[2]) * 2 ^ rounds, tonumber(ARGV[3])) end
if before <= now then redis.call('HINCRBY', KEYS[1], 'rounds', 1) end
if now + ms > before then
    redis.call('HSET', KEYS[1], 'pause', moment(now + ms))
end
redis.call('PEXPIRE', KEYS[1], KEPT)
return string.format('%.0f', math.max(before - now, ms))
