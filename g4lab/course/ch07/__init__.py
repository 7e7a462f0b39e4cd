"""Chapter 7, sound and film: frames, mel bins and soft tokens, and the frames of a film that are looked at."""
