"""Sign-in: tokens as Entra and managed identities give them out, and who takes them."""
