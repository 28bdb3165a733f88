"""A stand-in for the Images API: a real HTTP server whose pictures are drawn here."""
