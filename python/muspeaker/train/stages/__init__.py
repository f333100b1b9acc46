"""One module for each command of `muspeaker-train`; a file is named as its command.

No stage imports another: what two stages share lies in `corpus`, `losses`, `loop` or the folder above.

Three words that are near each other: the stage `align` trains the *aligner* (`twin.model.aligner`, a hidden
Markov model), the stage `realign` trains the *phone classifier* (`twin.model.phone_classifier`), and both
write an *alignment* (`corpus.alignment`: which phones a clip has, and for how many frames).
"""
