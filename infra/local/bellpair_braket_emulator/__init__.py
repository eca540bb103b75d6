"""An emulator of the Amazon Braket service for one region, over its real HTTP API.

It serves a state-vector simulator and noisy QPUs described by short profiles, so that an
unchanged ``boto3.client("braket")`` or ``braket.aws.AwsDevice`` works on a laptop.
"""
