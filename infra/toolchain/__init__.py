"""What turns a bare machine into a workshop: the environment, Node, npm's tools and the layers.

``bootstrap`` needs nothing but Python's standard library; the other modules are
its parts, and the layers' builder.
"""
