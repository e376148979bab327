/*
 * attention.c - single head, no batching
 *
 * Worked example (d_k = 2):
 *
 *   Q = [[0.5, 0.25], [1.0, 0.75]]
 *   K = [[0.5, 1.0], [0.25, 0.5]]
 *   V = [[2.0, 1.0], [4.0, 3.0]]
 *
 *   S = Q K^T = [[0.5, 0.25], [1.25, 0.625]]
 *   S / sqrt(2) = [[0.3536, 0.1768], [0.8839, 0.4419]]
 *   A = softmax(S / sqrt(2)) = [[0.5441, 0.4559], [0.6087, 0.3913]]
 *   A V = [[2.9118, 1.9118], [2.7826, 1.7826]]
 */
#include <math.h>
#include <stddef.h>

#define MAX_TOKENS 2048

static float dot(const float *a, const float *b, size_t n) {
    float sum = 0.0f;
    for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}
