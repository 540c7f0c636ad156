"""WHAT: the content of the registry, its events, and who may touch it."""
