"""The report's figures, made of a study's results, a file a topic; each is left out where there is nothing to draw."""
