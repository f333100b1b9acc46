from os import PathLike
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

class ModelFileError(RuntimeError): ...

class Synthesizer:
    def __init__(self, path: str | PathLike[str], num_threads: int) -> None: ...
    @property
    def config(self) -> dict[str, object]: ...
    @property
    def num_parameters(self) -> int: ...
    def clone(
        self, samples: NDArray[np.float32], samples_16k: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]: ...
    def synthesize(
        self,
        phones: NDArray[np.int32],
        stresses: NDArray[np.int32],
        boundaries: NDArray[np.int32],
        timbre: NDArray[np.float32],
        style: NDArray[np.float32],
        *,
        speed: float,
        pitch: float,
        energy: float,
        temperature: float,
        seed: int,
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]: ...

probe: ModuleType
