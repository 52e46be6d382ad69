"""Trains the bundled names pipeline and the role signal: `python -m training.names.train`.

Seeded; about 25 minutes on two cores. Writes `src/shownotes/models/names-en/`.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import spacy
from spacy.strings import StringStore
from spacy.training import Example
from spacy.util import fix_random_seed

from shownotes.adapters.names import SIGNALS
from shownotes.core.signals import pack
from training.names.augment import augment, join
from training.names.corpus import Passage, fill, read_templates
from training.names.lexicon import Lexicon
from training.names.signal_training import train_signals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spacy.language import Language

FOLDER = Path(__file__).parent
TARGET = FOLDER.parents[1] / "src" / "shownotes" / "models" / "names-en"
STEPS = 3600
# Words a step: passages differ in length, and what a step costs should not.
BATCH_WORDS = 1_500
MOST_JOINED_CHARS = 700
WIDTH = 96
EMBED_ROWS = 2500
LEARN_RATE = 0.001
THINGS = frozenset({"negatives", "things", "w8_things"})
REPORT_EVERY = 120

_TOK2VEC = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "pretrained_vectors": None,
    "width": WIDTH,
    "depth": 4,
    "embed_size": EMBED_ROWS,
    "window_size": 1,
    "maxout_pieces": 3,
    "subword_features": True,
}


def make_pipeline() -> Language:
    """A blank English pipeline with the recogniser, not yet initialised."""
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("tok2vec", config={"model": _TOK2VEC})
    model = {
        "@architectures": "spacy.TransitionBasedParser.v2",
        "state_type": "ner",
        "extra_state_tokens": False,
        "hidden_width": 64,
        "maxout_pieces": 2,
        "use_upper": True,
        "tok2vec": {"@architectures": "spacy.Tok2VecListener.v1", "width": WIDTH},
    }
    nlp.add_pipe("ner", config={"model": model})
    return nlp


def stream(templates: list[tuple[str, str]], rng: random.Random) -> Iterator[Passage]:
    """Endless freshly filled, augmented and joined passages."""
    lexicon = Lexicon()
    while True:
        order = [t for t in templates for _ in range(2 if _is_about_things(t[0]) else 1)]
        rng.shuffle(order)
        while order:
            chosen = [fill(*order.pop(), lexicon, rng)]
            for _ in range(rng.choice((0, 0, 1, 2))):
                if order and sum(len(p.text) for p in chosen) < MOST_JOINED_CHARS:
                    chosen.append(fill(*order.pop(), lexicon, rng))
            yield augment(join(chosen), lexicon, rng)


def _is_about_things(name: str) -> bool:
    """Passages of places, works, laws and events come twice: their labels are rare elsewhere."""
    return name.rsplit("-", 1)[0] in THINGS


def take_batch(passages: Iterator[Passage], nlp: Language) -> list[Example]:
    """Examples of about `BATCH_WORDS` words in all."""
    batch: list[Example] = []
    while sum(len(example) for example in batch) < BATCH_WORDS:
        batch.append(to_example(next(passages), nlp))
    return batch


def to_example(passage: Passage, nlp: Language) -> Example:
    """A spaCy example with the spans that fall on token boundaries."""
    doc = nlp.make_doc(passage.text)
    spans = [doc.char_span(a.start, a.end, label=a.label) for a in passage.annotations]
    reference = doc.copy()
    reference.set_ents([span for span in spans if span is not None])
    return Example(doc, reference)


def train(steps: int, seed: int, target: Path, hold_out: int | None = None) -> None:
    """Trains the recogniser, then the role signal on the same passages.

    With `hold_out`, every such passage is kept away from training, and what the recogniser makes
    of it is printed: the way to see what the corpus lacks without opening the blind set.
    """
    started = time.perf_counter()
    fix_random_seed(seed)
    rng = random.Random(seed)
    templates = read_templates(FOLDER / "passages")
    held = templates[::hold_out] if hold_out else []
    templates = [template for template in templates if template not in held]
    passages = stream(templates, rng)
    nlp = make_pipeline()
    warm_up = [to_example(next(passages), nlp) for _ in range(600)]
    optimizer: Any = nlp.initialize(lambda: warm_up)
    averages: dict[Any, Any] = {}
    optimizer.averages = averages
    losses: dict[str, float] = {}
    for step in range(1, steps + 1):
        optimizer.learn_rate = LEARN_RATE * min(1.0, step / 50) * (1.0 - 0.9 * step / steps)
        nlp.update(take_batch(passages, nlp), drop=0.15, sgd=optimizer, losses=losses)
        if step % REPORT_EVERY == 0:
            took = time.perf_counter() - started
            loss = losses["ner"] / REPORT_EVERY
            print(f"step {step:5d}  loss {loss:8.1f}  {took:5.0f} s")
            losses.clear()
    with nlp.use_params(averages):
        save(nlp, target)
        check(nlp, held, random.Random(seed))
    write_signals(templates, seed, target)
    print(
        f"trained on {len(templates)} passages in {time.perf_counter() - started:.0f} s -> {target}"
    )


def write_signals(templates: list[tuple[str, str]], seed: int, target: Path) -> None:
    """Trains the signals and writes their tables."""
    tables = train_signals(templates, seed)
    packed = {name: pack(dict(sorted(table.items()))) for name, table in tables.items()}
    text = json.dumps(packed, ensure_ascii=False, separators=(",", ":"))
    (target / SIGNALS).write_text(text + "\n", encoding="utf-8")


def check(nlp: Language, held: list[tuple[str, str]], rng: random.Random) -> None:
    """Prints the recogniser's figures and mistakes on passages it was not trained on."""
    lexicon = Lexicon()
    examples = [to_example(fill(*template, lexicon, rng), nlp) for template in held]
    for example in examples:
        example.predicted = nlp(example.predicted)
        found = {(e.text, e.label_) for e in example.predicted.ents}
        gold = {(e.text, e.label_) for e in example.reference.ents}
        if found != gold:
            print(f"{example.text}\n    missed {gold - found} false {found - gold}")
    scores: dict[str, Any] = nlp.evaluate(examples)["ents_per_type"] if examples else {}
    for label, score in scores.items():
        print(f"{label:12} P {score['p']:.2f} R {score['r']:.2f} F1 {score['f']:.2f}")


def save(nlp: Language, target: Path) -> None:
    """Writes the pipeline, leaving the card beside it alone."""
    nlp.meta |= {"name": "names_en", "version": "0.1.0", "license": "MIT", "author": "Shownotes"}
    nlp.meta["description"] = "Names in spoken podcast English, trained on passages of our own."
    # Words are known by their hashes; of their texts only those of the labels are needed.
    labels = [label for _, pipe in nlp.pipeline for label in getattr(pipe, "labels", ())]
    nlp.to_disk(target, exclude=["vocab.vectors"])
    StringStore(sorted(set(labels))).to_disk(target / "vocab" / "strings.json")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--target", type=Path, default=TARGET)
    parser.add_argument("--signals-only", action="store_true", help="keep the recogniser")
    parser.add_argument("--hold-out", type=int, help="keep every n-th passage away and score it")
    arguments = parser.parse_args()
    arguments.target.mkdir(parents=True, exist_ok=True)
    if arguments.signals_only:
        templates = read_templates(FOLDER / "passages")
        held = templates[:: arguments.hold_out] if arguments.hold_out else []
        kept = [template for template in templates if template not in held]
        write_signals(kept, arguments.seed, arguments.target)
        return
    train(arguments.steps, arguments.seed, arguments.target, arguments.hold_out)


if __name__ == "__main__":
    main()
