"""
A sandbox in a file: `plan --refresh-from` plans against it where there are no credentials. Pure.

    redact    an object of the service -> the same object without auth values and credentials
    file      an inventory with its sandbox and moment <-> versioned JSON text with a digest against edits
"""
