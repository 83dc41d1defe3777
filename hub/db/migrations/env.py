"""Called by Alembic: runs the migrations over the connection that `hub.db.migrate` hands in."""

from alembic import context

from hub.db.tables import everything

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=everything(),
    render_as_batch=True,  # SQLite changes a table by copying it
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
