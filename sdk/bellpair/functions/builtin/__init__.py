"""The functions that come with the platform; every tenant may invoke them by their names.

They are ordinary quantum functions, and `bellpair.functions.run_local` runs them too.
"""
