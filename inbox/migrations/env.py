"""Alembic's entry: runs the migrations on the connection that inbox.migrating hands over.

A migration leaves the release before it able to run, for an upgrade stops nobody (docs/operating.md); what it locks for
longer than a moment the changelog says. tests/unit/inbox/test_frozen_migrations.py keeps each as it came.
"""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
