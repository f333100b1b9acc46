"""The command `muspeaker-train`: one word for each stage."""

from __future__ import annotations

import sys
from importlib import import_module

# In the order in which they run.
STAGES = {
    "prepare": "decode, trim and level recordings, track F0, compute mels, write phones",
    "align": "train the aligner and write the first durations of all phones",
    "realign": "train the phone classifier and write better durations",
    "targets": "embed every clip by Resemblyzer, for the timbre encoder to learn (timbre --targets)",
    "timbre": "train the timbre encoder on every labelled speaker",
    "vocoder": "train the vocoder, from mel and F0 to samples",
    "teacher": "train everything between phones and mel",
    "pairs": "let the teacher speak each clip in another voice",
    "student": "train the teacher's successor, partly on those pairs",
    "predictors": "train durations, F0, energy and style on prosody without speech too",
    "average": "take the mean of the weights of several runs that began alike",
    "predict": "write the acoustic model's mels, to fine-tune the vocoder on (vocoder --mel)",
    "resynthesize": "speak recordings again by the vocoder alone, to hear its ceiling",
    "export": "join the weights of all stages into one checkpoint",
    "convert": "write the file that `muspeaker say --model` reads, of that checkpoint",
    "snapshot": "save all stages as small files, or restore them",
}
EXTRAS = {"torch": "train", "ray": "ray"}
WIDTH = max(map(len, STAGES))
USAGE = "usage: muspeaker-train STAGE ... (STAGE --help for its options)\n"
HELP = f"{USAGE}\nThe stages, in order:\n" + "".join(
    f"  {name:{WIDTH}}  {line}\n" for name, line in STAGES.items()
)
HELP += """
A GPU that PyTorch sees is used, the first of several. CUDA_VISIBLE_DEVICES=1 chooses another, an
empty CUDA_VISIBLE_DEVICES= none. Several: torchrun --nproc-per-node N -m muspeaker.train STAGE ...
"""


def main(arguments: list[str] | None = None) -> int:
    """Run one stage; 0 when done, 1 with a reason when not, 2 for bad usage."""
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] in (["-h"], ["--help"]):
        sys.stdout.write(HELP)
        return 0
    if not words or words[0] not in STAGES:
        known = f"muspeaker-train: no stage {words[0]!r}\n" if words else ""
        sys.stderr.write(known + HELP)
        return 2
    try:
        import_module(f"muspeaker.train.stages.{words[0]}").main(words[1:])
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        extra = EXTRAS.get(missing, "train")
        sys.stderr.write(f"error: {missing} is not installed: pip install 'muspeaker[{extra}]'\n")
        return 1
    except (OSError, ValueError, RuntimeError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0
