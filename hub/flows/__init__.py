"""Use cases, one a module: open a transaction, change the stores, add to the outbox and the audit, commit."""
