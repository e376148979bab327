// test_scores.c
//
// Q = [[1, 2], [2, 2], [0, 1]], K = [[1, 0], [2, 1], [1, 1]]
// expected scores:
//   S = Q K^T = [[1, 4, 3], [2, 6, 4], [0, 1, 1]]
#include <assert.h>

int main(void) {
    int q[3][2] = {{1, 2}, {2, 2}, {0, 1}};
    assert(q[0][1] == 2);
    return 0;
}
