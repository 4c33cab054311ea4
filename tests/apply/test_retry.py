"""What is repeated until the service can carry it out."""

from __future__ import annotations

import pytest

from exportctl.apply.retry import Retry
from exportctl.errors import ServiceError
from tests.client.scripted import FakeTime


@pytest.mark.parametrize(("wrote", "calls"), [(True, 1), (False, 2)])
def test_what_may_have_happened_is_not_repeated_even_if_the_service_speaks_of_a_transition(
    wrote: bool, calls: int
) -> None:
    tried: list[int] = []

    def call() -> None:
        tried.append(1)
        raise ServiceError("in transition", status=500, code="FLOW-1416-500", wrote=wrote)

    with pytest.raises(ServiceError):
        Retry(FakeTime().clock, settle=1).call_until_settled(call)

    assert len(tried) == calls
