"""Chapter 2, embeddings and PLE: where the parameters are, and how two vectors become one."""
