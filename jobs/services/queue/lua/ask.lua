-- Take a place for one call from all limits of a provider, or say how long to wait and why.
-- All or nothing: what is not granted has taken nothing of any limit.

local token, lease, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local wait, why, taken = 0, '', {}
local function hold(ms, reason)
    if ms > wait then wait, why = ms, reason end
end
hold(tonumber(redis.call('HGET', KEYS[1], 'pause') or 0) - now, 'pause')
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
-- Who has a place already, and did not hear of it, is not in its own way.
local others = redis.call('ZCARD', KEYS[2])
if redis.call('ZSCORE', KEYS[2], token) then others = others - 1 end
if most > 0 and others >= most then hold(1000, 'calls') end
for i = 4, #ARGV, 3 do
    local from = taken_until(redis.call('HGET', KEYS[1], ARGV[i]))
    local takes, burst = tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
    hold(bucket_wait(from, takes, burst), ARGV[i])
    taken[ARGV[i]] = from + takes
end
if wait > 0 then return {string.format('%.0f', math.ceil(wait)), why} end
for name, ms in pairs(taken) do
    redis.call('HSET', KEYS[1], name, moment(ms))
    redis.call('PEXPIRE', KEYS[1], KEPT)
end
if most > 0 then
    redis.call('ZADD', KEYS[2], now + lease, token)
    redis.call('PEXPIRE', KEYS[2], lease)
end
return {'0', ''}
