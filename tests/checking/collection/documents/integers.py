"""Self-attention with whole numbers, to be followed with a pencil.

Inputs (3 tokens, 3 features):

    X = [[1, 0, 1],
         [0, 2, 1],
         [1, 1, 0]]

Weights:

    W_Q = [[1, 0],
           [0, 1],
           [1, 1]]
    W_K = [[0, 1],
           [1, 0],
           [1, 1]]
    W_V = [[1, 2],
           [0, 1],
           [2, 0]]

Projections:

    Q = X W_Q = [[2, 1],
                 [1, 3],
                 [1, 1]]
    K = X W_K = [[1, 2],
                 [3, 1],
                 [1, 1]]
    V = X W_V = [[3, 2],
                 [2, 2],
                 [1, 3]]

Scores:

    S = Q K^T = [[4, 7, 3],
                 [7, 6, 4],
                 [3, 4, 2]]

Weights, softmax(S / sqrt(2)):

    A = [[0.1017, 0.8482, 0.0501],
         [0.6200, 0.3057, 0.0743],
         [0.2840, 0.5760, 0.1400]]
"""

import math

EPSILON = 1e-9


def attention_score(query, key):
    """One dot product."""
    return sum(a * b for a, b in zip(query, key)) / math.sqrt(len(key) + EPSILON)
