"""What was spoken into a gap of a recording, made to fit what stands around it."""

from __future__ import annotations

import math

import torch

NEW = -1  # origin of a token or frame that the recording does not hold
DECAY_FRAMES = 1.5  # after which a difference has faded to 1 / e
F0_DECAY_FRAMES = 12.0  # the same for F0
F0_REACH_FRAMES = 9  # from a join to a frame that is voiced in both
MOST_F0_RATIO = 1.5  # beyond it, the tracker took another octave
BACKGROUND_SHARE = 0.1  # of the frames, the quietest, that are background


def frame_origins(
    durations: torch.Tensor, origins: torch.Tensor, heard: torch.Tensor
) -> torch.Tensor:
    """The recording's frame that each frame of an edited utterance is, or NEW.

    Args:
        durations: (tokens,) int64, frames of the edited utterance.
        origins: (tokens,) int64, the recorded token that each is, or NEW; such a token lasts as long.
        heard: (recorded tokens,) int64, frames.

    Returns:
        (frames,) int64.
    """
    starts = torch.cumsum(heard, dim=0) - heard
    first = torch.where(origins == NEW, NEW, starts[origins.clamp(min=0)])
    frames = torch.repeat_interleave(first, durations)
    begins = torch.repeat_interleave(torch.cumsum(durations, dim=0) - durations, durations)
    inside = torch.arange(len(frames), device=frames.device) - begins
    return torch.where(frames == NEW, NEW, frames + inside)


def infill(spoken: torch.Tensor, recorded: torch.Tensor, origins: torch.Tensor) -> torch.Tensor:
    """Put the recording's frames where they belong, and lead what was spoken to and from them.

    The difference between the two at each join fades within the gap.

    Args:
        spoken: (1, channels, frames), any logarithmic quantity.
        recorded: (1, channels, recorded frames).
        origins: (frames,) int64 from `frame_origins`.

    Returns:
        The shape of spoken.
    """
    filled = spoken.clone()
    placed = torch.where(origins == NEW, spoken, recorded[..., origins.clamp(min=0)])
    for begin, end in _gaps(origins):
        left = _difference_at(begin - 1, spoken, placed)
        right = _difference_at(end, spoken, placed)
        filled[..., begin:end] += _fading(end - begin, left, right, DECAY_FRAMES)
    return torch.where(origins == NEW, filled, placed)


def infill_f0(spoken: torch.Tensor, recorded: torch.Tensor, origins: torch.Tensor) -> torch.Tensor:
    """The same for F0: as a ratio, slower, and from the last frame that is voiced in both.

    Args:
        spoken: (1, frames) in Hz, 0 where unvoiced; a gap stays so where it is.
        recorded: (1, recorded frames), likewise.
        origins: (frames,) int64 from `frame_origins`.

    Returns:
        The shape of spoken.
    """
    placed = torch.where(origins == NEW, spoken, recorded[:, origins.clamp(min=0)])
    ratios = torch.zeros_like(spoken)  # logarithms
    for begin, end in _gaps(origins):
        left = _log_ratio(range(begin - 1, -1, -1), spoken, placed, origins)
        right = _log_ratio(range(end, spoken.shape[1]), spoken, placed, origins)
        ratios[:, begin:end] = _fading(end - begin, left, right, F0_DECAY_FRAMES)
    return torch.where(origins == NEW, spoken * ratios.exp(), placed)


def lift_to_background(
    mel: torch.Tensor, recorded: torch.Tensor, origins: torch.Tensor
) -> torch.Tensor:
    """Lift what was spoken to the background of the recording.

    Args:
        mel: (1, mels, frames), natural log.
        recorded: (1, mels, recorded frames), at least one frame.
        origins: (frames,) int64 from `frame_origins`.

    Returns:
        The shape of mel; it differs where origins is NEW.
    """
    rank = int(BACKGROUND_SHARE * (recorded.shape[2] - 1))
    background = recorded.sort(dim=2).values[:, :, rank, None]
    return torch.where(origins == NEW, torch.maximum(mel, background), mel)


def _gaps(origins: torch.Tensor) -> list[tuple[int, int]]:
    """Frames [begin, end) without an origin; what stands beside them has one."""
    gaps: list[tuple[int, int]] = []
    for t in torch.nonzero(origins == NEW).flatten().tolist():
        if gaps and gaps[-1][1] == t:
            gaps[-1] = (gaps[-1][0], t + 1)
        else:
            gaps.append((t, t + 1))
    return gaps


def _fading(
    frames: int, left: torch.Tensor, right: torch.Tensor, decay_frames: float
) -> torch.Tensor:
    """What the differences at the joins of a gap, (1, channels) each, add to it as they fade."""
    steps = torch.arange(1, frames + 1, device=left.device, dtype=torch.float64)
    from_left = torch.exp(-steps / decay_frames).to(left.dtype)
    return left[..., None] * from_left + right[..., None] * from_left.flip(0)


def _difference_at(frame: int, spoken: torch.Tensor, placed: torch.Tensor) -> torch.Tensor:
    """How far the recording is from what was spoken in a frame, (1, channels); zero beyond the ends."""
    if 0 <= frame < spoken.shape[2]:
        return placed[..., frame] - spoken[..., frame]
    return torch.zeros_like(spoken[..., 0])


def _log_ratio(
    frames: range, spoken: torch.Tensor, placed: torch.Tensor, origins: torch.Tensor
) -> torch.Tensor:
    """The logarithm of the ratio of the recorded F0 to the spoken, (1,), of the first frame voiced in both.

    Zero if there is none near.
    """
    for t in frames[:F0_REACH_FRAMES]:
        if origins[t] == NEW:
            break
        own, other = float(placed[0, t]), float(spoken[0, t])
        if own > 0 and other > 0:
            ratio = math.log(own / other)
            return spoken.new_full((1,), ratio if abs(ratio) <= math.log(MOST_F0_RATIO) else 0.0)
    return spoken.new_zeros(1)
