"""Writes: one function per verb, which checks the rights and records the audit entry."""
