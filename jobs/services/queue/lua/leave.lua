-- Give the place of a call back, and correct what it has taken of the limits by what it took
-- in the end.

redis.call('ZREM', KEYS[2], ARGV[1])
for i = 2, #ARGV, 2 do
    local more = tonumber(ARGV[i + 1])
    local taken = tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or 0)
    if more > 0 then taken = math.max(taken, now) end
    redis.call('HSET', KEYS[1], ARGV[i], moment(taken + more))
    redis.call('PEXPIRE', KEYS[1], KEPT)
end
