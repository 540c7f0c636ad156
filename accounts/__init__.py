"""WHO: identities, tenants, credentials, the permission mechanism, the audit log."""
