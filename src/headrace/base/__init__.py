"""The ground floor: errors, settings, ids, time, and the two types every path and location goes through."""
