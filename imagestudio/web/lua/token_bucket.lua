-- The arithmetic of token buckets, by Valkey's clock, before each script that counts in them.
-- A bucket is taken until a moment; `bucket_wait` is how long it has no room for what `takes` so
-- much of it. What is larger than the whole bucket may be taken when nothing else is.

local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local function taken_until(stored)
    return math.max(now, tonumber(stored or 0))
end
local function bucket_wait(from, takes, burst)
    return from - now + math.min(takes - burst, 0)
end
local function moment(ms)
    return string.format('%.3f', ms)
end

