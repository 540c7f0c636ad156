"""Pages of policies, decisions and promotions, and the dashboard that mixes apps."""
