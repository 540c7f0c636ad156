"""Writes: policies, the decisions they lead to, and the copies."""
