-- What is free now: the calls in flight, and how far ahead each limit is taken. Changes nothing.

local seen = {string.format('%.0f', redis.call('ZCOUNT', KEYS[2], now, '+inf'))}
for i = 1, #ARGV do
    seen[i + 1] = moment(taken_until(redis.call('HGET', KEYS[1], ARGV[i])) - now)
end
return seen
