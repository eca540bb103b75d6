// Finding a period with the quantum Fourier transform on five qubits (32 values).
// The input is an even superposition of 3, 11, 19 and 27: steps of 8.
// Expect the multiples of 32 / 8 = 4, each one time in eight: every string ends in 00.
OPENQASM 3.0;
include "stdgates.inc";

qubit[5] q;
bit[5] c;

// 3 in the low bits, every value at once in the two high ones.
x q[0];
x q[1];
h q[3];
h q[4];

// The transform, from the highest bit down.
h q[4];
cp(pi/2) q[3], q[4];
cp(pi/4) q[2], q[4];
cp(pi/8) q[1], q[4];
cp(pi/16) q[0], q[4];
h q[3];
cp(pi/2) q[2], q[3];
cp(pi/4) q[1], q[3];
cp(pi/8) q[0], q[3];
h q[2];
cp(pi/2) q[1], q[2];
cp(pi/4) q[0], q[2];
h q[1];
cp(pi/2) q[0], q[1];
h q[0];

// It leaves the bits in reverse.
swap q[0], q[4];
swap q[1], q[3];

c = measure q;
