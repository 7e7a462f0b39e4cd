"""Chapter 4, attention: who may look at whom, and which layer owns its memory."""
