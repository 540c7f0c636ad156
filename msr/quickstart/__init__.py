"""The whole product on one machine: finds, configures, starts and stops every part."""
