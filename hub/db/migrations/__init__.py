"""The migration history; `hub.db.migrate` runs it."""
