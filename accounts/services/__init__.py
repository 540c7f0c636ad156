"""Writes: one function per verb, which checks the rights and audits."""
