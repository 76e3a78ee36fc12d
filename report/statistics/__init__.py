"""Statistics of paired seeds: pure functions on arrays, one file a question.

scipy does the work; statsmodels, baycomp and scikit-posthocs are what the tests hold it against. Nothing here knows of
records or studies.
"""
