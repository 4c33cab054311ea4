"""What buckets of Amazon and Google have in common: the folder, and the words for access keys."""

from __future__ import annotations

from exportctl.resources.destinations.type import LocationField, Part

# The published S3/GCS path pattern also allows %SEGMENT_…% macros, which are for audience files; its nested repeats
# backtrack badly, so this is the same set of characters without them.
_OBJECT_PATH = r"^[0-9a-zA-Z/!\-_.*'()]*$"
PATH_RULE = "letters, digits and / ! - _ . * ' ( ) only"
FOLDER_WORDS = ("The folder under which all exports of this destination lie.", "aep")
KEY_ID_WORDS = ("The access key's id.", "${env:LAKE_ACCESS_KEY_ID}")
KEY_SECRET_WORDS = ("The access key's secret.", "${env:LAKE_SECRET_ACCESS_KEY}")

# Both specs require the key and match the empty text [XD-new].
OBJECT_FOLDER = LocationField(
    "path",
    "path",
    required=False,
    pattern=_OBJECT_PATH,
    rule=PATH_RULE,
    part=Part.FOLDER,
    description=FOLDER_WORDS[0],
    example=FOLDER_WORDS[1],
    is_sent_empty=True,
    is_checked_live=False,
)

# Data Lake Gen2 and the Data Landing Zone: the folder in a container.
CONTAINER_FOLDER = LocationField(
    "path",
    "path",
    required=True,
    part=Part.FOLDER,
    description=FOLDER_WORDS[0],
    example=FOLDER_WORDS[1],
    is_checked_live=False,
)
