"""What every Bellpair function shares.

``model`` holds the values, ``ports`` what the logic asks of the world, ``logic`` the
use cases over those ports, ``adapters`` the only code that knows AWS.
"""
