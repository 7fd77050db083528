"""What names are made of."""
NOUNS = ["order", "user", "item", "event", "route", "block", "frame", "token", "cell", "price", "batch", "query", "shard", "agent", "lease", "quota"]
FIELDS = ["id", "size", "count", "score", "level", "rank", "weight", "limit", "total", "delay"]
VERBS = ["merge", "scan", "apply", "reduce", "shift", "trace", "plan", "audit", "split", "score"]
