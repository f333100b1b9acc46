"""Questions, lists and short replies from small word lists: what corpora of read sentences lack."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

NAMES = """Anna Ben Carol Daniel Emma Frank Grace Henry Isabel James Kate Leo Maria Nathan Olivia Peter
Rachel Samuel Theresa Victor Wendy Yusuf Zoe Mr.~Brown Mrs.~Hughes Dr.~Patel Professor~Lee""".split()
PEOPLE = """I you we they he she everyone nobody someone my~brother your~sister our~neighbours
the~children the~doctor the~driver her~uncle the~manager this~man the~other~team""".split()
THINGS = """apples bread butter cheese chairs candles carrots coffee cushions envelopes flour gloves
honey jam keys lamps lemons letters maps milk mushrooms nails onions oranges paint paper pears pencils
pepper potatoes rice ropes salt scissors shoes soap spoons stamps sugar tea tickets tomatoes towels
umbrellas vinegar water windows wool""".split()
SINGLE = """answer apple bag bicycle book bottle box bridge bus cake camera car cat chair clock coat
computer cup dog door exam film garden guitar hat house job key lamp letter map meal meeting message
picture phone plan plate question radio report river road school shop song station story table ticket
train tree watch window word""".split()
QUALITIES = """old new small large red green blue heavy light quiet loud cheap expensive broken clean
dirty empty full warm cold strange useful famous wooden wonderful difficult easy""".split()
PLACES = """at~home at~the~station in~the~garden in~town by~the~river behind~the~house near~the~bridge
on~the~table under~the~stairs in~London in~Chicago in~the~kitchen across~the~road next~to~the~school
in~the~other~room at~the~airport on~the~second~floor upstairs outside here over~there""".split()
TIMES = """today tomorrow yesterday tonight this~morning next~week last~year on~Monday on~Friday
in~the~evening before~lunch after~work at~midnight every~day right~now in~an~hour soon again
two~weeks~ago at~the~weekend in~spring""".split()
VERBS = """find buy sell carry open close paint repair bring keep lose need like see hear remember
forget use borrow return hide choose clean draw explain follow move send show watch want""".split()
ACTIONS = """come leave wait sleep sing dance cook drive swim laugh work stay listen read write travel
help call eat begin stop win rest go~home sit~down stand~up wake~up get~there move~on try~again
take~the~bus pay~the~bill""".split()
REPLIES = """Yes. No. Maybe. Perhaps. Of~course. Not~yet. Not~at~all. Thank~you. Thanks. Thanks~a~lot.
You're~welcome. Sorry! I'm~sorry. Excuse~me. Pardon? Really? Why? Why~not? How? When? Where? Who? Who's~there?
What? What~now? And~then? So~what? Hello! Hello. Hi. Hi~there! Good~morning. Good~evening. Good~night. Goodbye!
See~you~later. See~you~soon. Welcome~back. Come~in. Come~here! Sit~down. Wait! Wait~a~moment. Stop! Stop~it! Go~on.
Go~away! Look! Look~out! Listen. Listen~carefully. Help! Hurry~up! Be~careful! Be~quiet. Good. Very~good. Great!
Excellent. Fine. All~right. Okay. OK. Sure. Certainly. Absolutely. Exactly. Indeed. Never. Never~mind. Always.
Sometimes. Often. Soon. Later. Now. Right~now. Today. Tomorrow. Tonight. Nothing. Nobody. Someone. Everything.
Nowhere. Here. There. Over~there. Left. Right. Turn~left. Straight~on. Up. Down. On. Off. Done. Finished. Ready?
Ready! I~see. I~know. I~think~so. I~hope~so. I~don't~know. Me~too. Not~me. It~depends. That's~right.
That's~wrong. That's~enough. What~a~pity! Congratulations! Happy~birthday! Happy~New~Year! Well~done! Cheers!
Bless~you! Good~luck! Oh~no! Ah. Oh. Hmm. Well. Please. Yes,~please. No,~thanks. After~you. Too~late. Too~much.
One~more. Once~more. Almost. Enough. Impossible! Incredible! Error. Unknown. Battery~low. Door~open.
Light~on. Alarm~set. Timer~done. Volume~up. Next~stop. Mind~the~gap. Chapter~one. The~end.""".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = """January February March April May June July August September October November
December""".split()


class Phrases:
    """Phrases drawn by one generator.

    Args:
        random: Where the choices come from.
    """

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random

    def question(self) -> str:
        """A question: with a question word, yes or no, a choice, or a tag."""
        forms: list[Callable[[], str]] = [
            lambda: f"{self._one(ASKING)} {self._one(DID)} {self._who()} {self._deed()}",
            lambda: f"{self._one(DID)} {self._who()} {self._deed()} {self._when()}",
            lambda: f"Is the {self._one(SINGLE)} {self._one(PLACES)}",
            lambda: f"Where is {self._one(NAMES)}'s {self._one(SINGLE)}",
            lambda: f"Is that {self._one(SINGLE)} {self._one(QUALITIES)} or {self._one(QUALITIES)}",
            lambda: f"Would you like the {self._thing()}, or the {self._thing()}",
            lambda: f"You {self._one(ACTIONS)} {self._one(TIMES)}, don't you",
            lambda: f"{self._one(NAMES)} will {self._deed()}, won't {self._one(['he', 'she'])}",
            lambda: f"How many {self._one(THINGS)} are there {self._one(PLACES)}",
            lambda: f"{self._one(NAMES)}, {self._one(CAN)} you {self._deed()}",
            lambda: f"Who {self._one(['has', 'saw', 'took', 'wants'])} the {self._thing()}",
            lambda: f"What do you think of {self._one(NAMES)}",
        ]
        text = forms[self._random.integers(len(forms))]()
        return text[0].upper() + text[1:] + "?"

    def enumeration(self) -> str:
        """A list of three to six things, people, days, months or numbers."""
        words = [THINGS, NAMES, DAYS, MONTHS, self._numbers()][self._random.integers(5)]
        count = min(int(self._random.integers(3, 7)), len(words))
        items = [self._word(word) for word in self._random.choice(words, count, replace=False)]
        if words is THINGS and self._random.random() < 0.4:
            items = [f"{self._one(QUALITIES)} {item}" for item in items]
        last = self._one(["and", "or", "and then"])
        comma = self._one([",", ""])
        joined = f"{', '.join(items[:-1])}{comma} {last} {items[-1]}"
        begin = self._one(LISTS)
        text = f"{begin} {joined}" if begin else joined
        return text[0].upper() + text[1:] + self._one([".", ".", "!", "?"])

    def reply(self) -> str:
        """One to three words that are a whole utterance."""
        forms: list[Callable[[], str]] = [
            lambda: self._one(REPLIES),
            lambda: self._one(REPLIES),
            lambda: self._one(NAMES) + self._one([".", "?", "!"]),
            lambda: f"The {self._one(SINGLE)}" + self._one([".", "?", "!", ""]),
            lambda: self._one(PLACES).capitalize() + self._one([".", "?"]),
            lambda: self._one(TIMES).capitalize() + self._one([".", "?"]),
            lambda: self._one(QUALITIES).capitalize() + self._one([".", "?", "!", ""]),
            lambda: self._one(THINGS).capitalize() + self._one([".", "?", "!", ""]),
            lambda: f"{self._thing().capitalize()}" + self._one([".", "!"]),
            lambda: self._numbers()[0] + self._one([".", "?", ""]),
            lambda: f"{self._one(ACTIONS).capitalize()}" + self._one([".", "!"]),
            lambda: f"{self._one(['Yes', 'No', 'Well', 'Oh', 'OK'])}, {self._one(NAMES)}.",
        ]
        return forms[self._random.integers(len(forms))]()

    def _who(self) -> str:
        return self._one([*PEOPLE, *NAMES])

    def _deed(self) -> str:
        if self._random.random() < 0.4:
            return self._one(ACTIONS)
        return f"{self._one(VERBS)} {self._one(['the', 'this', 'that', 'another'])} {self._thing()}"

    def _thing(self) -> str:
        if self._random.random() < 0.5:
            return self._one(SINGLE)
        return f"{self._one(QUALITIES)} {self._one(SINGLE)}"

    def _when(self) -> str:
        return self._one(TIMES if self._random.random() < 0.6 else PLACES)

    def _numbers(self) -> list[str]:
        number = self._random.integers(2, 200, 6)
        hours, minutes = self._random.integers(1, 13), self._random.integers(10, 60)
        year = self._random.integers(1700, 2040)
        return self._random.permutation(
            [*map(str, number), f"{hours}:{minutes}", str(year), f"${number[0]}",
             f"{number[1]} {self._one(THINGS)}", f"{self._one(MONTHS)} {number[2] % 28 + 1}"]
        ).tolist()  # fmt: skip

    def _one(self, words: list[str]) -> str:
        return self._word(words[self._random.integers(len(words))])

    @staticmethod
    def _word(word: str) -> str:
        return str(word).replace("~", " ")


ASKING = "when where why how".split()
DID = "did will should can could".split()
CAN = "can could would will".split()
LISTS = ["", "", "", "we need", "there were", "I bought", "please bring", "first", "choose from:",
         "the answers are", "they talked about"]  # fmt: skip
