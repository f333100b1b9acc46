# The C++ engine. Shapes are in NumPy order; every array is C-contiguous.

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

class ModelFileError(RuntimeError): ...

# Whether the processor has SSE4.2 and the rest of x86-64-v2; True on other families.
def has_x86_64_v2() -> bool: ...

# Keeps true peaks below -1 dBFS; the state of one stream of (frames, channels).
class Limiter:
    def __init__(self, channels: int = 1) -> None: ...
    # The next frames -> those that are final, with is_last all that are left.
    def take(
        self, frames: NDArray[np.float32], *, is_last: bool = False
    ) -> NDArray[np.float32]: ...

# (samples,) in [-1, 1] -> the same with less steady noise. The window is even, with no prime factor over 5.
def reduce_noise(samples: NDArray[np.float32], window_samples: int) -> NDArray[np.float32]: ...

# Reads words that no lexicon has: the twin of muspeaker.text.letter_to_sound.LetterToSound. The arrays are those of
# SparseFeatureWeights; is_primary and is_sounded, (chunks,), tell chunks with the primary stress, and with any phone.
class LetterToSound:
    def __init__(
        self,
        buckets: NDArray[np.int32],
        starts: NDArray[np.int32],
        outputs: NDArray[np.uint8],
        weights: NDArray[np.int8],
        *,
        is_primary: NDArray[np.bool_],
        is_sounded: NDArray[np.bool_],
    ) -> None: ...
    # Numbers of a word's letters, from 1 -> the chunk of each.
    def read(self, letters: Sequence[int]) -> list[int]: ...

# Tells parts of speech: the twin of muspeaker.text.tagger.Tagger. The arrays are those of FeatureWeights; start is the
# tag before the first word.
class Tagger:
    def __init__(
        self,
        buckets: NDArray[np.int32],
        weights: NDArray[np.int8],
        names: Sequence[str],
        start: str,
    ) -> None: ...
    # Keys (words, 14) from features(), and the words in small letters -> the number of each word's tag.
    def tag(self, features: NDArray[np.int64], words: Sequence[str]) -> list[int]: ...

# What a voice's decoder has learnt: a code for each weight of Synthesizer.decoder_weights, tensor after tensor in the
# order of their names, and a scale for each row of their last axes. The engine keeps the decoder of the changes that
# it used last, and knows them again by their identity, else by their values.
class DecoderChanges:
    def __init__(self, codes: NDArray[np.int8], scales: NDArray[np.float32]) -> None: ...

# One loaded model; calls may come from any thread.
class Synthesizer:
    def __init__(self, path: str, num_threads: int) -> None: ...
    # The file's header: keys without `muspeaker.`, such as `audio.sample_rate`.
    @property
    def config(
        self,
    ) -> dict[str, bool | int | float | str | list[int] | list[float] | list[str]]: ...
    @property
    def num_parameters(self) -> int: ...
    # Another of the same model, with threads of its own: the two work at once and share the weights.
    def fork(self, num_threads: int) -> Synthesizer: ...
    # CPU seconds of each part so far, summed over threads: content, melody, mel_decoder, vocoder,
    # mel_correction, clone, listener, editor.
    @property
    def timings(self) -> dict[str, float]: ...
    # The same prompt at the model's rate and at 16 kHz -> vector (voice,), style (frames, hidden).
    # plain: the spectral map changes bands alone. changes: what the decoder has learnt of the prompt.
    def clone(
        self,
        samples: NDArray[np.float32],
        samples_16k: NDArray[np.float32],
        *,
        plain: bool = False,
        changes: DecoderChanges | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]: ...
    # The same prompt -> what the decoder makes its mel of, (frames, hidden) and (timbre,), and that mel, (frames, mels).
    def refinement_inputs(
        self, samples: NDArray[np.float32], samples_16k: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]: ...
    # The decoder's weights as numbers, by their names in the file without `mel_decoder.`.
    def decoder_weights(self) -> dict[str, NDArray[np.float32]]: ...
    # Phone, stress and boundary ids (3, tokens) -> samples (samples,) and durations (tokens,) in frames.
    # watermark: 32 bits; None leaves the speech unmarked. changes: the voice's own. So in every method below.
    def synthesize(
        self,
        tokens: NDArray[np.int32],
        vector: NDArray[np.float32],
        style: NDArray[np.float32],
        *,
        speed: float,
        pitch: float,
        energy: float,
        temperature: float,
        seed: int,
        expression: float = 1.0,
        variation: float = 0.0,
        watermark: int | None = None,
        changes: DecoderChanges | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]: ...
    # A recording (samples,) at the model's rate and its text, in another voice -> as synthesize.
    def convert(
        self,
        samples: NDArray[np.float32],
        tokens: NDArray[np.int32],
        vector: NDArray[np.float32],
        style: NDArray[np.float32],
        *,
        pitch: float,
        energy: float,
        seed: int,
        watermark: int | None = None,
        changes: DecoderChanges | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.int32]]: ...
    # A recording (samples,) at the model's rate and its text (3, recorded tokens); the edited text and which
    # recorded token each of its tokens is, (tokens,), -1 for none -> samples (samples,) and durations
    # (tokens,) of the edited text, and durations (recorded tokens,) of the recorded one, in frames.
    def edit(
        self,
        samples: NDArray[np.float32],
        recorded: NDArray[np.int32],
        tokens: NDArray[np.int32],
        origins: NDArray[np.int32],
        vector: NDArray[np.float32],
        style: NDArray[np.float32],
        *,
        speed: float,
        temperature: float,
        seed: int,
        watermark: int | None = None,
        changes: DecoderChanges | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.int32]]: ...
    # As synthesize, but only up to the mel: pull the samples from what it returns.
    def start(
        self,
        tokens: NDArray[np.int32],
        vector: NDArray[np.float32],
        style: NDArray[np.float32],
        *,
        speed: float,
        pitch: float,
        energy: float,
        temperature: float,
        seed: int,
        expression: float = 1.0,
        variation: float = 0.0,
        watermark: int | None = None,
        changes: DecoderChanges | None = None,
    ) -> Speaking: ...

# (slots, cells) int8: which symbol each cell of the watermark carries, from 1; 0 for none.
def watermark_symbols() -> NDArray[np.int8]: ...

# (slots, cells) int8, 1 or -1: the code of a symbol's value 0 to 255; 256 is for the cells of no symbol.
def watermark_code(value: int) -> NDArray[np.int8]: ...

# Speech on its way; keeps its Synthesizer alive. Several may be pulled interleaved, from any thread.
class Speaking:
    # (tokens,) in frames.
    @property
    def durations(self) -> NDArray[np.int32]: ...
    # In all, from the first chunk to the last.
    @property
    def num_samples(self) -> int: ...
    # (samples,), few at first and more from chunk to chunk; None at the end. Joined they are what
    # synthesize gives, bit for bit. whole: all that is left, which several threads make sooner.
    def next_chunk(self, whole: bool = False) -> NDArray[np.float32] | None: ...
