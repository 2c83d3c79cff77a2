"""Customer lifetime value: models of orders and of spend, their fits, and intervals."""
