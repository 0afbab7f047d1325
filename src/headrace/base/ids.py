"""Ids and the names given to what nobody named."""

from __future__ import annotations

import random
import uuid

_ADJECTIVES = """
able amber bold brave brisk calm clear clever cool cosmic crisp daring deep eager early easy fair fast fine firm
fleet fond free fresh glad gold grand great green happy hardy honest humble icy jolly keen kind large late light
lively loud loyal lucid lucky mellow merry mild mossy neat new nimble noble odd open pale patient plain polite proud
pure quick quiet rapid rare ready red rich ripe royal rural sage salty sharp shiny silent silver simple sleek slow
smart smooth snowy soft solid spry steady still strong sunny super sure sweet swift tall tame tidy tough true vast
vivid warm wise witty young zesty
""".split()

_NOUNS = """
alder ant ash auk badger bass bay bear beck bee birch boar bream brook burn carp cat cedar chub cod cove crab crane
creek crow dace deer delta dove duck eagle eel egret elk elm falcon fen fern finch fir firth fjord fox frog gull
hare hawk hazel heron holm ibis isle jay kelp kite lake lark ling loon lynx marsh marten mill mink mole moor moth
newt oak osprey otter owl perch pike pine plover pond pool puffin quail ram raven reed rill river robin rook roach
salmon seal shoal shrew shrimp smelt snipe spring squid stoat stork stream swan swift tarn teal tern tide toad trout
vole wave weir whale willow wren yew
""".split()

#: Names of runs stay this short, in characters.
NAME_LENGTH = 20


def new_id(prefix: str = "") -> str:
    """``prefix`` and 32 hexadecimal digits nobody has used."""
    return prefix + uuid.uuid4().hex


def new_name() -> str:
    """A name such as ``brave-otter-417``: at most 20 characters, lower case."""
    while True:
        name = f"{random.choice(_ADJECTIVES)}-{random.choice(_NOUNS)}-{random.randrange(1000)}"
        if len(name) <= NAME_LENGTH:
            return name


#: The name under which other libraries look for it, in ``mlflow.utils.name_utils``.
_generate_random_name = new_name
