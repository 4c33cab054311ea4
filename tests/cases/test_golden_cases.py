from pathlib import Path

import pytest

from tests.cases.golden_cases import CASES, EXPECTED, case_outputs


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_a_case_gives_what_it_gave(case: Path) -> None:
    expected = {name: (case / name).read_text(encoding="utf-8") for name in EXPECTED}
    assert expected == case_outputs(case)
