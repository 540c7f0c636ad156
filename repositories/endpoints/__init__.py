"""What the registry and docker call: their protocols, not ours."""
