"""What a client can do: one noun a file, its asynchronous class with the logic and its synchronous mirror."""
