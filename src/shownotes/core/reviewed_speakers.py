"""Who speaks: the names that the editor gave to voices, while they are the same voices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shownotes.core.anchors import MachineWords
from shownotes.core.edited_words import EditedSegment
from shownotes.core.layer import Layer
from shownotes.core.review import Value
from shownotes.core.spellings import Spellings, spell_text

# So many words of a voice tell whether it is the same one in another draft.
SAMPLED_WORDS = 9


@dataclass(frozen=True, slots=True)
class Voices:
    """The voices of a draft.

    Attributes:
        heard: by label, the name that the machine heard.
    """

    machine: MachineWords
    heard: Mapping[str, str]

    def record(self, label: str) -> dict[str, Value]:
        """What the machine says of a voice: its name, and some of the words that it speaks."""
        words = [placed.id for placed in self.machine.words if placed.label == label]
        step = max(1, len(words) // SAMPLED_WORDS)
        return {"name": self.heard.get(label), "words": words[::step][:SAMPLED_WORDS]}

    def name(
        self, segments: Sequence[EditedSegment], layer: Layer, spellings: Spellings
    ) -> dict[str, str | None]:
        """By label, who it is; `None` where nobody is told apart. Conflicts are the layer's."""
        labels = dict.fromkeys(s.label for s in segments if s.label)
        named: dict[str, str | None] = {}
        for label in labels:
            name = self._name_of(label, layer)
            named[label] = spell_text(name, spellings) if name else label
        for decision in layer.under("speaker/"):
            label = decision.key.partition("/")[2]
            if label not in labels and decision.machine["words"]:
                layer.object(
                    decision, None, label=f"Who {label} is; the new draft has no such voice"
                )
        is_one = len(named) == 1 and not self.heard
        if is_one and not any(f"speaker/{label}" in layer.decisions for label in named):
            return dict.fromkeys(named)
        return named

    def _name_of(self, label: str, layer: Layer) -> str | None:
        """Who a voice is: as decided while it is the same voice, else as the machine heard."""
        machine = self.heard.get(label)
        decision = layer.decisions.get(f"speaker/{label}")
        if decision is None or decision.value == machine:
            return machine
        position, words = self.machine.position, self.machine.words
        there = [position[number] for number in decision.machine["words"] if number in position]
        its_own = sum(words[index].label == label for index in there)
        if decision.machine["name"] == machine and 2 * its_own >= len(there):
            return str(decision.value)
        layer.object(decision, machine or label, label=f"Who {label} is")
        return machine
