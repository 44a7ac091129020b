"""Who may do what at a server that several people use: sign-in, roles, tokens, limits."""
