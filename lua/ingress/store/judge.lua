-- Whether a batch may follow what is in force. Pure.
-- phase: any · yields: no · dicts: none · state: none


local function compare(a, b)
  if a.epoch ~= b.epoch then
    return a.epoch < b.epoch and -1 or 1
  end
  return a.generation - b.generation
end


-- nil when it may, "repeat" when it is what is in force, else "stale" or "base". current: nil before the first.
return function(batch, current)
  if current then
    local order = compare(batch, current)
    if order == 0 and batch.state == current.state then
      return "repeat"
    end
    if order <= 0 then
      return "stale"
    end
  end
  if batch.type == "delta" and (not current or compare(batch.base, current) ~= 0) then
    return "base"
  end
  return nil
end
