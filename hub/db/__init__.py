"""The database: here and nowhere else is SQL.  Domains see stores; rows become their values here."""
