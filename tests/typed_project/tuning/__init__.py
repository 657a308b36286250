"""Tunes a model for a help desk, and asks it."""
