"""How much could be lost: measures of the positions that are held now."""
