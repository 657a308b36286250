"""Wire dialects, one package each: pure functions between values and requests."""
