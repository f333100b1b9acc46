"""What the server says of itself in its OpenAPI document, against what it does: schemathesis asks, as anyone may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

schemathesis = pytest.importorskip("schemathesis")

from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from muspeaker.serve.openai.app import create_app
from muspeaker.serve.openai.settings import Settings
from muspeaker.tts import Synthesizer
from tests.python.conftest import FakeEngine
from tests.serving import running

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = 10  # of each endpoint and mode
MODES = {"as described": GenerationMode.POSITIVE, "otherwise": GenerationMode.NEGATIVE}


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The document of a server that runs, with an engine that makes noise."""
    settings = Settings(data_folder=tmp_path_factory.mktemp("data"))
    with running(create_app(Synthesizer(FakeEngine()), settings)) as address:
        yield schemathesis.openapi.from_url(f"{address}/openapi.json")


@pytest.mark.parametrize("mode", MODES)
def test_the_server_is_as_it_says(schema: Any, mode: str) -> None:
    faults = []
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) >= 10
    for operation in operations:
        try:
            ask(operation, MODES[mode])
        except* hypothesis.errors.Unsatisfiable:  # nothing else than described can be sent
            assert mode == "otherwise"
        except* Exception as group:  # noqa: BLE001 (all of them are wanted)
            faults += [f"{operation.label}: {error}" for error in group.exceptions]
    assert not faults, "\n\n".join(faults)


def ask(operation: Any, mode: GenerationMode) -> None:
    """Send requests to one endpoint; raises answers that the document does not allow.

    A text may be refused for what no schema says: that nothing in it can be spoken.
    """

    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    send()
