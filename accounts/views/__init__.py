"""Pages about people: signing in, their profile, organizations and teams."""
