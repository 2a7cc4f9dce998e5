-- Browsers that misread `SameSite=None`: some drop such a cookie, others take it for Strict. Those that the Chromium
-- project's note on incompatible clients names, found by what User-Agent says.
-- phase: any · yields: no · dicts: none · state: none

local find = string.find
local match = string.match
local sub = string.sub
local tonumber = tonumber

-- what tells browsers apart stands at the beginning, and clients may send whatever they like
local LONGEST = 512


-- UC Browser is built of Chromium and says so, with numbers that do not count.
local function is_old_uc(agent)
  local major, minor, build = match(agent, "UCBrowser/(%d+)%.(%d+)%.(%d+)")
  if not major then
    return nil
  end
  major, minor, build = tonumber(major), tonumber(minor), tonumber(build)
  if major ~= 12 then
    return major < 12
  end
  return minor < 13 or minor == 13 and build < 2
end


local function is_old_chromium(agent)
  local major = tonumber(match(agent, "Chrome/(%d+)") or match(agent, "Chromium/(%d+)"))
  return major ~= nil and major >= 51 and major <= 66
end


-- Every browser of iOS 12 has the system's engine.
local function is_ios_12(platform)
  return find(platform, "^iP") ~= nil and find(platform, "OS 12[_ ]") ~= nil
end


-- Safari of macOS 10.14, and applications that show its engine without a name of their own.
local function is_mojave(platform, agent)
  if not find(platform, "^Macintosh;.*Mac OS X 10_14") then
    return false
  end
  if find(agent, "%(KHTML, like Gecko%)$") then
    return true
  end
  local safari = find(agent, "Version/", 1, true) and find(agent, "Safari/", 1, true)
  return safari ~= nil and not find(agent, "Chrom", 1, true)
end


-- User-Agent, or nil → whether SameSite=None has to be left away.
return function(agent)
  if not agent then
    return false
  end
  agent = sub(agent, 1, LONGEST)
  local platform = match(agent, "^[^(]*%(([^)]*)%)")
  if platform and (is_ios_12(platform) or is_mojave(platform, agent)) then
    return true
  end
  local old = is_old_uc(agent)
  if old ~= nil then
    return old
  end
  return is_old_chromium(agent)
end
