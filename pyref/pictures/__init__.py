"""Pictures of a fit: with matplotlib, and with characters."""
