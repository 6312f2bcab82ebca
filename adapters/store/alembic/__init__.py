"""The revisions of the schema, as alembic wants them."""
