-- What is free now: the calls in flight, and how far ahead each limit is taken. Changes nothing.

local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local seen = {string.format('%.0f', redis.call('ZCOUNT', KEYS[2], now, '+inf'))}
for i = 1, #ARGV do
    local ms = tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or 0) - now
    seen[i + 1] = string.format('%.3f', math.max(ms, 0))
end
return seen
