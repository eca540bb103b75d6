// A Bell pair: two qubits that always agree.
// Expect 00 and 11, each about half of the time, and nothing else without noise.
OPENQASM 3.0;
include "stdgates.inc";

qubit[2] q;
bit[2] c;

h q[0];            // q[0] is 0 and 1 at once ...
cx q[0], q[1];     // ... and q[1] follows it

c = measure q;
