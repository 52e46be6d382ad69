"""The demo model's tokenizer: byte-level BPE over our own text, then Whisper's special tokens.

The order of the special tokens is Whisper's (English-only), with the timestamps last: CTranslate2
and faster-whisper derive all other ids from it, and a vocabulary below 51 865 tells them that the
model knows one language.
"""

from __future__ import annotations

from pathlib import Path

from grammar import Grammar
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

WORK = Path(__file__).parent / "work"
TOKENIZER_PATH = WORK / "tokenizer.json"
TEXT_TOKENS = 2_000
TEXT_SEED = 11
SENTENCES = 60_000
SCRAMBLED = 12_000

SPECIAL_TOKENS = (
    "<|endoftext|>",
    "<|startoftranscript|>",
    "<|en|>",
    "<|translate|>",
    "<|transcribe|>",
    "<|startoflm|>",
    "<|startofprev|>",
    "<|nospeech|>",
    "<|notimestamps|>",
)
TIMESTAMP_STEP_S = 0.02
TIMESTAMPS = tuple(f"<|{step * TIMESTAMP_STEP_S:.2f}|>" for step in range(1_501))


def train_tokenizer() -> Tokenizer:
    grammar = Grammar(TEXT_SEED)
    text = [" " + grammar.sentence() for _ in range(SENTENCES)]
    text += [" " + grammar.scramble() for _ in range(SCRAMBLED)]
    text += [" " + grammar.names(8) for _ in range(SCRAMBLED // 4)]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=TEXT_TOKENS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=[],
        show_progress=False,
    )
    tokenizer.train_from_iterator(text, trainer)
    tokenizer.add_special_tokens(
        [
            AddedToken(token, special=True, normalized=False)
            for token in (*SPECIAL_TOKENS, *TIMESTAMPS)
        ]
    )
    return tokenizer


def main() -> None:
    WORK.mkdir(exist_ok=True)
    tokenizer = train_tokenizer()
    tokenizer.save(str(TOKENIZER_PATH))
    print(f"{TOKENIZER_PATH}: {tokenizer.get_vocab_size()} tokens")


if __name__ == "__main__":
    main()
