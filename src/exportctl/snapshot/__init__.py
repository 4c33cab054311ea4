"""
A sandbox as it was read, in a file: what `plan --refresh-from` plans against where there are no credentials. Pure.

    redaction    an object of the service -> the same without auth values and credentials
    document     a Live with its place and moment <-> versioned JSON text that says so when it was edited
"""
