"""Chapter 6, pictures: how large they become, which patches make a soft token, and where those stand in a prompt."""
