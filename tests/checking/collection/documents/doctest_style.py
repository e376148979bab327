"""Attention weights, shown as in an interactive session.

>>> Q = [[2, 1], [1, 3]]
>>> K = [[1, 2], [3, 0]]
>>> scores = [[sum(a * b for a, b in zip(q, k)) for k in K] for q in Q]
>>> scores
[[4, 6], [7, 3]]

The softmax of the first row divided by sqrt(2) is [0.1956, 0.8044].
"""

VERSION = (0, 4, 2)
