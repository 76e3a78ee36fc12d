"""Are generated images any good, and are they new? One file for each kind of figure.

`measure` puts them together into a record's ``generative``; `of_run` is the engine's way in. What each figure means
stands in docs/generative.md.
"""
