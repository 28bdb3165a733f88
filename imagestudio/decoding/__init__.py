"""Opening pictures that strangers made. The bytes are decoded in bounded child processes only.

`gate` is the door for the rest of the studio; everything else runs in the child.
"""
