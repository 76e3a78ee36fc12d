"""Statistics of paired seeds: pure functions on arrays, one file a question.

scipy, statsmodels, baycomp and scikit-posthocs do the work. Nothing here knows of records or studies.
"""
