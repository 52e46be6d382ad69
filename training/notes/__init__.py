"""How the judgement of single sentences is learned."""
