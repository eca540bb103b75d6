// Bernstein-Vazirani: reads a hidden string of bits with one question.
// The oracle flips `answer` where q AND 1011 has an odd number of ones.
// Expect 1011 every time (the rightmost character is c[0]).
OPENQASM 3.0;
include "stdgates.inc";

qubit[4] q;
qubit answer;
bit[4] c;

// Ask about every value of q at once, with `answer` in |->, where a flip is a sign.
h q;
x answer;
h answer;

// The oracle: one cx for each 1 in the hidden string 1011.
cx q[0], answer;
cx q[1], answer;
cx q[3], answer;

// The signs become the string.
h q;

c = measure q;
