-- Count a request in the buckets of its key and its member, or say which of them is full.
-- All or nothing: a request that one bucket refuses has taken nothing of the others. Gives which
-- bucket to tell of, how long to wait, and what of it is used.

local told, wait, seen = 1, 0, {}
for i, key in ipairs(KEYS) do
    seen[i] = taken_until(redis.call('GET', key))
    local its_wait = bucket_wait(seen[i], ARGV[2 * i - 1], ARGV[2 * i])
    if its_wait > wait then
        told, wait = i, its_wait
    end
end
local used = seen[told] - now
if wait <= 0 then
    for i, key in ipairs(KEYS) do
        local takes, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
        redis.call('SET', key, moment(seen[i] + takes), 'PX', string.format('%.0f', 2 * burst))
    end
    used = used + ARGV[1]
end
return {told, string.format('%.0f', math.ceil(wait)), moment(used)}
