"""Who may do what, in which unit, and the proof of what was done.

Rules and plain values: accounts, passwords, sessions, lock-out, roles, the audit chain.  No database and no HTTP:
`hub.db` keeps these values; `hub.api`, `hub.web` and `hub.flows` ask these questions.
"""
