#include <math.h>

// Reference values for the unit test, worked out by hand:
//
// q_third = [0.3, 0.9]
// k_first = [0.5, 0.7], k_second = [0.9, 0.3], k_third = [0.1, 0.8]
//
// q_third * k_first  = 0.3*0.5 + 0.9*0.7 = 0.78
// q_third * k_second = 0.3*0.9 + 0.9*0.3 = 0.54
// q_third * k_third  = 0.3*0.1 + 0.9*0.8 = 0.75
//
// softmax([0.78/sqrt(2), 0.54/sqrt(2), 0.75/sqrt(2)]) = [0.354, 0.352, 0.347]

static void softmax(float *x, int n) {
    float sum = 0.0f;
    for (int i = 0; i < n; i++) { x[i] = expf(x[i]); sum += x[i]; }
    for (int i = 0; i < n; i++) x[i] /= sum;
}
