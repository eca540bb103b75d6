// Teleportation: q[0] gives its state to q[2] by two measured bits.
// Here the state is that of a rotation by 1 rad, which is turned back at the end:
// c[2] reads 0 in each shot, whatever was measured on the way. Needs a device that measures
// in mid-circuit, such as square-20 of the local cloud.
OPENQASM 3.0;
include "stdgates.inc";

qubit[3] q;
bit[3] c;

// The state, and a Bell pair to send it over.
ry(1) q[0];
h q[1];
cx q[1], q[2];

// What is measured on the sender's side …
cx q[0], q[1];
h q[0];
c[0] = measure q[0];
c[1] = measure q[1];

// … tells the receiver what to do.
if (c[1] == 1) x q[2];
if (c[0] == 1) z q[2];

ry(-1) q[2];
c[2] = measure q[2];
