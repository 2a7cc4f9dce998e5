-- Whoever lets us connect is well.
-- phase: timer · yields: no · dicts: none · state: none


return function()
  return true
end
