// Every bit has another chance of being 1, so a bit in the wrong place shows at once.
// P(1) = sin^2(theta/2): c[0] always, c[1] 3/4, c[2] 1/4, and d never.
// Strings read d c[2] c[1] c[0]: the rightmost character is bit 0 of the first register,
// and later registers stand to the left. Expect about
//   0011 56 %   0001 19 %   0111 19 %   0101 6 %
OPENQASM 3.0;
include "stdgates.inc";

qubit[4] q;
bit[3] c;
bit[1] d;

x q[3];
ry(2*pi/3) q[1];
ry(pi/3) q[0];

// Qubits and bits are crossed on purpose.
c[0] = measure q[3];
c[1] = measure q[1];
c[2] = measure q[0];
d[0] = measure q[2];
