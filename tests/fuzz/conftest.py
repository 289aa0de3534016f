"""Makes the modules of this folder importable under the name they have for `python tests/fuzz`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
