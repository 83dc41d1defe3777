"""All tables, one module a domain, in one MetaData and so one migration history."""
