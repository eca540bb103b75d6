// A GHZ state of five qubits: all of them agree, and none is decided before.
// Expect 00000 and 11111. On noisy hardware the other strings show what went wrong:
// a single flipped bit is mostly readout, a run of ones an error in the chain.
OPENQASM 3.0;
include "stdgates.inc";

qubit[5] q;
bit[5] c;

h q[0];
cx q[0], q[1];
cx q[1], q[2];
cx q[2], q[3];
cx q[3], q[4];

c = measure q;
