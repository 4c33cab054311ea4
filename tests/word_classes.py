"""
English word classes, as far as the name of a function needs them: is a word a participle, an adverb or an adjective?

Suffixes find the regular words. Lists hold the irregular ones, and the nouns and verbs that look like others.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NOUNS_AND_VERBS = _words(
    """
    apply archive assembly bed derive directive disable drawing drive embed enable encoding family feed finding
    five give heading hundred indexing king listing live mapping meaning need nothing ping rally receive reply
    ring seed setting shed sing solve speed spelling string supply table tally thing variable warning wing
    """
)
IRREGULAR_PARTICIPLES = _words(
    """
    been begun bent born bought bound broken brought built caught chosen come done drawn driven fallen felt
    forgotten found given gone grown heard held hidden kept known laid led left lent lost made meant met overdue
    paid proven said seen sent shown sold spent spoken stolen stood stuck taken thought thrown told torn
    understood undone unknown unmet unset woken worn written
    """
)
ADVERBS = _words(
    """
    again ahead already also always anew apart aside away back before below down else ever here in inside
    instead later never next now off often on once out outside over sometimes soon still then there together too
    twice up
    """
)
ADJECTIVES = _words(
    """
    absent alike alive alone bad best better big blank certain clean common correct current dead deep different
    dirty due early easy empty equal exact extra false foreign free fresh full good hard high idle invalid large
    last late less local long loose low malformed missing more most narrow near new newer odd old older own
    partial past plain present pure quick quiet ready real recent right safe same short silent similar simple
    single slow small sole stale strange strict strong sure tight tiny true unequal unique unsafe valid weak
    whole wide wrong young
    """
)
PARTICIPLE_ENDS = ("ed", "ing")
ADJECTIVE_ENDS = ("able", "ible", "ful", "less", "ous", "ive")


def is_modifier(word: str) -> bool:
    """Say whether a word only modifies another: a participle, an adverb or an adjective."""
    if word in NOUNS_AND_VERBS:
        return False
    listed = word in IRREGULAR_PARTICIPLES | ADVERBS | ADJECTIVES
    return listed or word.endswith((*PARTICIPLE_ENDS, *ADJECTIVE_ENDS, "ly"))
