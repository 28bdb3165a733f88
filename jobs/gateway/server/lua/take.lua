-- Count a request in the buckets of its key and its member, or say which of them is full.
-- All or nothing: a request that one bucket refuses has taken nothing of the others. Gives which
-- bucket to tell of, how long to wait, and what of it is used.

local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local told, wait, seen = 1, 0, {}
for i, key in ipairs(KEYS) do
    seen[i] = math.max(now, tonumber(redis.call('GET', key) or 0))
    local its_wait = seen[i] - now + ARGV[i] - 60000
    if its_wait > wait then
        told, wait = i, its_wait
    end
end
local used = seen[told] - now
if wait <= 0 then
    for i, key in ipairs(KEYS) do
        local till = string.format('%.3f', seen[i] + ARGV[i])
        redis.call('SET', key, till, 'PX', 120000)
    end
    used = used + ARGV[1]
end
return {told, string.format('%.0f', math.ceil(wait)), string.format('%.3f', used)}
