"""Writes: what the registry reported, who gets which token, and repositories."""
