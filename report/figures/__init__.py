"""One file a kind of figure: each takes plain figures and a path, and draws them in the common style."""
