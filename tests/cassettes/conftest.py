import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "loop"))  # the small world's config is what is recorded
