"""Where MiniStack, the emulator that answers a region's services, is corrected or extended.

MiniStack is used as published. Each module here replaces a few of its functions by name, once, in
the process that serves a region, because what it does there differs from AWS in a way that
matters to the application. The lock file pins MiniStack's version; the tests of the local cloud
show each correction at work, so that a new version that needs one no more, or moves it, is
noticed.
"""
