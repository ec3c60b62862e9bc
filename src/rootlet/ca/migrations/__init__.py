"""How the record of issuances came to have the shape it has; Alembic runs these in order."""
