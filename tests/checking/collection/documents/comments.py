#!/usr/bin/env python3
# Toy attention. Output copied from my terminal on 12 Jan 2023.
import numpy as np

Q = np.array([[0.7, 0.5], [0.2, 0.9]])
K = np.array([[0.4, 0.6], [0.8, 0.3]])
V = np.array([[0.1, 0.2], [0.3, 0.4]])

S = Q @ K.T
print(S)
# [[0.58 0.71]
#  [0.62 0.43]]

A = np.exp(S / np.sqrt(2))
A = A / A.sum(axis=1, keepdims=True)
print(A)
# [[0.4770352  0.5229648 ]
#  [0.53353714 0.46646286]]

print(A @ V)
# [[0.20459296 0.30459296]
#  [0.19329257 0.41298466]]
