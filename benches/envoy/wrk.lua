-- Sends the requests of a file in turn: host, path, key and tenant of each, by tabs.
local all, at = {}, 0

function init(arguments)
  for line in io.lines(arguments[1]) do
    local host, path, key, tenant = line:match("^(%S+)\t(%S+)\t(%S+)\t(%S+)$")
    all[#all + 1] = wrk.format("GET", path, {
      ["Host"] = host,
      ["User-Agent"] = "bench/1.0",
      ["Accept"] = "application/json",
      ["Accept-Encoding"] = "gzip, br",
      ["X-Api-Key"] = key,
      ["X-Tenant"] = tenant,
    })
  end
end

function request()
  at = at % #all + 1
  return all[at]
end

function done(summary)
  local errors = summary.errors
  io.write(string.format('\n{"requests": %d, "bad": %d}\n', summary.requests,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
